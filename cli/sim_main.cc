// mqttlab-sim: the worker for the ns-3 world. As a whole it is under the GPL-2.0-only (NOTICE).
#include "cli/ns3_worker.h"

int main(int argc, char** argv) { return mq::cli::ns3_worker_main(argc, argv); }
