#!/usr/bin/env python3
"""A campaign under a real Slurm, on this machine, with two virtual nodes of which one dies in the
middle: every result is there, none twice. slurm_test.py FOLDER_OF_PROGRAMS

Slurm and munge run as this user, with sockets, keys and ports of their own; nothing of a Slurm that
is installed is touched. Ends with 77 (skipped) where they are not there.
"""
import getpass
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

PROGRAMS = pathlib.Path(sys.argv[1])
MQTTLAB = PROGRAMS / "mqttlab-campaign"
NEEDED = ["slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "munged"]
TASKS = 8
SEEDS = 400

SCENARIO = """version: 1
name: a fleet
duration: 1h
calm: 5min
world: memory
links:
  modem: { rate: 1 Mbit/s, delay: 50ms, source: assumption }
fleet:
  sensor: { count: 40, link: modem, publish: [ { topic: "plant/{id}", qos: 1, every: 20s } ] }
  screen: { subscribe: [ { filter: "plant/#", qos: 1 } ] }
faults:
  - { at: 1min, cut: modem, for: 10s, every: 2min }
"""
CAMPAIGN = f"""version: 1
name: two nodes
scenario: fleet.yaml
seeds: {SEEDS}
grid:
  fleet.sensor.publish.0.qos: [0, 1]
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    """munged, slurmctld and two slurmd, below one folder."""

    def __init__(self, at):
        self.at = at
        self.daemons = {}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("SLURM_")}
        self.env["SLURM_CONF"] = str(at / "slurm.conf")
        self.munge()
        self.configure()
        self.start("slurmctld", ["slurmctld", "-D", "-i", "-f", at / "slurm.conf"])
        for node in ("one", "two"):
            self.start(node, ["slurmd", "-D", "-N", node, "-f", at / "slurm.conf"])

    def start(self, name, command):
        log = open(self.at / f"{name}.out", "w")
        self.daemons[name] = subprocess.Popen([str(word) for word in command], env=self.env,
                                              stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def munge(self):
        key = self.at / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        self.start("munged", ["munged", "--foreground", "--force", f"--socket={self.at}/munge.sock",
                              f"--key-file={key}", f"--pid-file={self.at}/munged.pid",
                              f"--log-file={self.at}/munged.log", f"--seed-file={self.at}/munge.seed"])
        wait_for(lambda: (self.at / "munge.sock").exists(), 20, "munged to listen")

    def configure(self):
        host = socket.gethostname()
        user = getpass.getuser()
        nodes = "".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} CPUs=1 "
            "RealMemory=8000 State=UNKNOWN\n" for name in ("one", "two"))
        (self.at / "slurm.conf").write_text(
            f"ClusterName=mqttlab\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={free_port()}\n"
            f"AuthType=auth/munge\nAuthInfo=socket={self.at}/munge.sock,cred_expire=5\n"
            f"CredType=cred/munge\nSlurmUser={user}\nSlurmdUser={user}\n"
            f"StateSaveLocation={self.at}/state\nSlurmdSpoolDir={self.at}/spool.%n\n"
            f"SlurmctldPidFile={self.at}/ctld.pid\nSlurmdPidFile={self.at}/%n.pid\n"
            f"SlurmctldLogFile={self.at}/ctld.log\nSlurmdLogFile={self.at}/%n.log\n"
            "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSwitchType=switch/none\n"
            "MpiDefault=none\nSelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\n"
            "JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\n"
            "SlurmdParameters=config_overrides\nReturnToService=2\nJobRequeue=1\n"
            "SlurmdTimeout=6\nKillWait=2\nInactiveLimit=0\nMinJobAge=2\n"
            "SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2\n"
            f"{nodes}PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP\n")
        (self.at / "state").mkdir()

    def ask(self, *words, check=True):
        done = subprocess.run(words, env=self.env, cwd=self.at, capture_output=True, text=True,
                              timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def processes_of(self, node):
        """Everything that runs on a virtual node: its slurmd, its step daemons, their jobs."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            ours = f"SLURM_CONF={self.at}/slurm.conf".encode() in environment
            if ours and (f"SLURMD_NODENAME={node}".encode() in environment
                         or (b"slurmd" in command and f"-N\0{node}\0".encode() in command)):
                found.append(int(entry.name))
        return found

    def kill_node(self, node):
        """As if its power had failed: nothing of it goes on, nothing of it says goodbye."""
        children = self.step_daemons(self.daemons[node].pid)
        for process in set(self.processes_of(node) + children):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.daemons.pop(node).wait()

    def step_daemons(self, parent):
        """slurmstepd leaves its parent, but keeps the spool folder of its node open or named."""
        del parent
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if "slurmstepd" not in (entry / "comm").read_text():
                    continue
                links = [os.readlink(link) for link in (entry / "fd").iterdir()]
            except OSError:
                continue
            if any("/two.log" in link or "/spool.two" in link for link in links
                   if link.startswith(str(self.at))):
                found.append(int(entry.name))
        return found

    def end(self):
        self.ask("scancel", "--full", "--user", getpass.getuser(), check=False)
        for daemon in self.daemons.values():
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def wait_for(condition, seconds, what):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.25)
    raise AssertionError(f"waited {seconds} s for {what}")


def rows(path):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as database:
            return sorted(database.execute("SELECT key, ended, verdict, hash, broken FROM run"))
    except sqlite3.OperationalError:
        return []


def campaign(at, *words):
    done = subprocess.run([MQTTLAB, "campaign", *words], cwd=at, capture_output=True, text=True,
                          timeout=900)
    if done.returncode not in (0, 1):
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def node_of_a_task_that_has_results(cluster, out):
    """A task on node two that is in the middle: its shard has some results, and not all."""
    for line in cluster.ask("squeue", "--noheader", "--array", "--format=%K %N %T").splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == "two" and words[2] == "RUNNING":
            there = len(rows(out / f"shard-{int(words[0]) + 1:05}-of-{TASKS:05}.db"))
            if 0 < there < 2 * SEEDS / TASKS:
                return True
    return False


def test(cluster, at):
    out = at / "out"
    out.mkdir()
    script = campaign(at, "plan", "sweep.yaml", "--engine", "slurm", "--seconds", "60", "--tasks",
                      str(TASKS), "--cores", "1", "-o", str(out), "--program", str(MQTTLAB))
    (at / "sweep.sh").write_text(script)
    wait_for(lambda: cluster.ask("sinfo", "--noheader", "--format=%T").split() == ["idle"], 60,
             "both nodes to be idle")
    cluster.ask("sbatch", "sweep.sh")
    wait_for(lambda: node_of_a_task_that_has_results(cluster, out), 180, "a task in its middle")
    cluster.kill_node("two")
    killed = sum(len(rows(path)) for path in out.glob("*.db"))
    print(f"node two killed with {killed} of {2 * SEEDS} results", flush=True)
    wait_for(lambda: "down" in cluster.ask("sinfo", "--noheader", "--format=%n %T"), 120,
             "Slurm to see that a node is gone")
    wait_for(lambda: cluster.ask("squeue", "--noheader") == "", 600, "all tasks to end")
    apart = [key for path in out.glob("*.db") for key, *_ in rows(path)]
    assert len(apart) == len(set(apart)), "a run was done by two shards"
    print(campaign(at, "merge", str(out)))
    merged = rows(out / "campaign.db")
    assert len(merged) == 2 * SEEDS, f"{len(merged)} of {2 * SEEDS} results"
    campaign(at, "run", "sweep.yaml", "-o", str(at / "whole"))
    assert merged == rows(at / "whole" / "campaign.db"), "not what one machine finds"
    assert 0 < killed < 2 * SEEDS, "the node was not killed in the middle"
    print("every result is there, none twice")


def main():
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} not found; apt-get install slurm-wlm munge")
        return 77
    with tempfile.TemporaryDirectory(prefix="mqttlab-slurm-") as folder:
        at = pathlib.Path(folder)
        (at / "fleet.yaml").write_text(SCENARIO)
        (at / "sweep.yaml").write_text(CAMPAIGN)
        cluster = None
        try:
            cluster = Cluster(at)
            test(cluster, at)
        except AssertionError as fault:
            print(f"FAILED: {fault}")
            for log in sorted([*at.glob("*.log"), *at.glob("*.out")]):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
            return 1
        finally:
            if cluster is not None:
                cluster.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
