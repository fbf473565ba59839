// mqttlab-radio-sim: the worker for runs with radio networks of ns-3's own (`lte`, `wifi`), whose
// libraries take their time to load. As a whole it is under the GPL-2.0-only (NOTICE).
#include "cli/ns3_worker.h"
#include "sim/ns3/stations/ns3_stations.h"

int main(int argc, char** argv) {
  return mq::cli::ns3_worker_main(argc, argv, &mq::sim::ns3_stations);
}
