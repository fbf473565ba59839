// How to start an MQTT client that is not ours, read from a YAML file: which program, with which
// words, what it can be told. Nothing is started here.
//
// clients/*.yaml are those that come along; README.md lists the keys.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "peers/adapter.h"

namespace mq::peers {

struct ClientAdapter {
  std::string source;  // the file that it was read from; empty: none
  std::string name;
  std::string title;
  std::vector<std::string> programs;  // the first that is there counts
  std::string install;
  Command release;
  Command present;
  std::vector<std::string> versions = {"3.1.1", "5.0"};
  bool speaks_lines = false;  // is told on standard input what to do
  // To connect; and, of a program without lines, to connect and do one thing: "publish", ...
  std::map<std::string, Command> commands;  // "connect" is always there
  std::set<std::string> takes;  // fields that its commands have a place for: "keep_alive"
  std::set<std::string> tells;  // what it writes on standard output: "message"
};

ClientAdapter parse_client_adapter(std::string_view text,
                                   const std::string& source);       // throws AdapterError
std::vector<std::string> client_adapter_names();                     // that come along, sorted
ClientAdapter find_client_adapter(const std::string& name_or_file);  // throws AdapterError

// Its program on this machine, and that all it needs is there. Throws PeerError{absent}.
std::string installed_client(const ClientAdapter& adapter);
std::string installed_client_release(const ClientAdapter& adapter);

// " (apt-get install ...)" for a program that one of the adapters is for; else nothing.
std::string how_to_install(const std::string& program);

// The words of a command. `fields` are those of CONNECT and of what is to be done. `${field}` is
// its value; a word that begins with `${?field}` is there only if the field is named and is neither
// empty nor 0, one with `${!field}` only if not. `${host}`, `${port}`, `${url}`, `${version}` ("5"
// or "3.1.1"), `${program}` and `${folder}`, that of the adapter file, are always there.
Command client_command(const ClientAdapter& adapter, const std::string& what,
                       const std::map<std::string, std::string>& fields);

}  // namespace mq::peers
