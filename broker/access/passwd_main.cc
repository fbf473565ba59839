#include "broker/access/passwd_main.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <stdexcept>

#include "broker/access/authenticator.h"
#include "broker/access/credentials.h"
#include "protocol/scram/saslprep.h"

namespace mq::broker {
namespace {

namespace exit_status {
constexpr int done = 0;
constexpr int no_such_user = 1;
constexpr int usage = 2;
constexpr int fault = 5;
}  // namespace exit_status

struct Usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Asked {
  std::string file;
  std::string user;
  std::string password;
  bool create = false;
  bool batch = false;
  bool remove = false;
  bool upgrade = false;
  HashKind kind = HashKind::sha512_pbkdf2;
  HashCost cost;
};

// The terminal does not show what is typed.
class Silence {
 public:
  Silence() : is_terminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (!is_terminal_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputs("\n", stderr);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool is_terminal_;
};

std::string read_line(const char* prompt) {
  const bool asks = ::isatty(STDIN_FILENO) != 0;
  if (asks) std::fputs(prompt, stderr);
  const Silence silence;
  std::string line;
  if (!std::getline(std::cin, line)) throw Usage("expected a password on stdin");
  return line;
}

std::string read_password() {
  std::string password = read_line("Password: ");
  if (::isatty(STDIN_FILENO) != 0 && read_line("Again: ") != password)
    throw Usage("the two passwords differ");
  return password;
}

// All of the new file or all of the old one, whatever happens meanwhile.
void write_file(const std::string& path, const Credentials& credentials) {
  std::string text;
  for (const auto& [user, hash] : credentials.all()) text += user + ":" + to_text(hash) + "\n";
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          S_IRUSR | S_IWUSR);
  const auto failed = [&] {
    throw FileFault(path, std::string("cannot be written: ") + std::strerror(errno));
  };
  if (file < 0) failed();
  // Whoever may read the file now may read it still.
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0 && (::fchown(file, about.st_uid, about.st_gid) != 0 ||
                                            ::fchmod(file, about.st_mode & 0777) != 0))
    failed();
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t put = ::write(file, text.data() + at, text.size() - at);
    if (put < 0) failed();
    at += static_cast<std::size_t>(put);
  }
  if (::fsync(file) != 0 || ::close(file) != 0 || ::rename(beside.c_str(), path.c_str()) != 0)
    failed();
}

PasswordHash hashed(const std::string& password, const Asked& asked) {
  if (password.size() > 0xFFFF) throw Usage("a password has at most 65,535 bytes");
  if (asked.kind == HashKind::scram_sha_256 && !saslprep(password))
    throw Usage(
        "SCRAM takes no such password: it is empty or holds control characters, marks apart from "
        "their letters, or characters that have another form (SASLprep, RFC 4013)");
  return hash_password(password, asked.kind, random_bytes(12), asked.cost);
}

// A file of NAME:PASSWORD, hashed line by line; what is hashed already stays.
Credentials upgraded(const Asked& asked) {
  const std::string text = read_access_file(asked.file);
  Credentials all;
  std::size_t number = 0;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = text.substr(from, end - from);
    from = end + 1;
    ++number;
    if (line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) throw FileFault(asked.file, number, 1, "expected USER:PASSWORD");
    const std::string user = line.substr(0, colon);
    if (const auto fault = user_name_fault(user); !fault.empty())
      throw FileFault(asked.file, number, 1, fault);
    const std::string rest = line.substr(colon + 1);
    auto hash = password_hash_of(rest);
    all.set(user, hash ? std::move(*hash) : hashed(rest, asked));
  }
  return all;
}

int change(const Asked& asked) {
  if (asked.upgrade) {
    write_file(asked.file, upgraded(asked));
    return exit_status::done;
  }
  if (const auto fault = user_name_fault(asked.user); !fault.empty()) throw Usage(fault);
  Credentials all;
  if (!asked.create) all = read_password_file(asked.file);
  if (asked.remove) {
    if (!all.erase(asked.user)) {
      std::fprintf(stderr, "mqttlab passwd: %s: no user %s\n", asked.file.c_str(),
                   shown(asked.user).c_str());
      return exit_status::no_such_user;
    }
  } else {
    all.set(asked.user, hashed(asked.batch ? asked.password : read_password(), asked));
  }
  write_file(asked.file, all);
  return exit_status::done;
}

void check(const CLI::App& app, const Asked& asked) {
  const bool has_user = app.get_option("user")->count() > 0;
  const bool has_password = app.get_option("password")->count() > 0;
  if (asked.upgrade && (has_user || asked.create || asked.remove || asked.batch))
    throw Usage("-U takes a file and nothing else");
  if (!asked.upgrade && !has_user) throw Usage("expected a file and a user");
  if (asked.remove && (asked.create || asked.batch)) throw Usage("-D excludes -b and -c");
  if (asked.batch != has_password)
    throw Usage(asked.batch ? "-b needs the password behind the user"
                            : "a password on the command line needs -b");
}

}  // namespace

int passwd_main(int argc, char** argv) {
  Asked asked;
  CLI::App app(
      "Users and passwords of a broker. Adds a user to a password file, or changes its password,\n"
      "which is asked for on the terminal or read from stdin. Files are mosquitto's.",
      "mqttlab passwd");
  app.set_help_flag("--help", "print this help");
  app.add_option("file", asked.file, "the password file")->required();
  app.add_option("user", asked.user, "the user");
  app.add_option("password", asked.password, "the password, with -b");
  app.add_flag("-c", asked.create, "begin a new file; one that is there is overwritten");
  app.add_flag("-b", asked.batch, "the password stands on the command line, for all to see");
  app.add_flag("-D", asked.remove, "delete the user");
  app.add_flag("-U", asked.upgrade, "hash what stands in the file as plain text");
  app.add_option("-H", asked.kind,
                 "how it is kept: sha512-pbkdf2 (default, mosquitto reads it), argon2id, or\n"
                 "scram-sha-256 (for clients that authenticate without sending the password)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, HashKind>{{"sha512-pbkdf2", HashKind::sha512_pbkdf2},
                                          {"argon2id", HashKind::argon2id},
                                          {"scram-sha-256", HashKind::scram_sha_256}}))
      ->option_text("KIND");
  app.add_option("-I", asked.cost.iterations, "iterations of PBKDF2 and SCRAM (210,000)")
      ->check(CLI::Range(scram_iterations_min, hash_iterations_max));
  app.footer("Exit status: 0 done, 1 no such user, 2 usage or a faulty file, 5 cannot write.");
  try {
    app.parse(argc, argv);
    check(app, asked);
    return change(asked);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return exit_status::done;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "mqttlab passwd: %s\nTry: mqttlab passwd --help\n", error.what());
    return exit_status::usage;
  } catch (const Usage& error) {
    std::fprintf(stderr, "mqttlab passwd: %s\nTry: mqttlab passwd --help\n", error.what());
    return exit_status::usage;
  } catch (const FileFault& error) {
    std::fprintf(stderr, "mqttlab passwd: %s\n", error.what());
    const bool wrote =
        std::string_view(error.what()).find("cannot be written") != std::string::npos;
    return wrote ? exit_status::fault : exit_status::usage;
  }
}

}  // namespace mq::broker
