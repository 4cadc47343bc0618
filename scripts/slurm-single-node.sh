#!/usr/bin/env bash
# Starts a real one-node Slurm cluster on this Debian machine (root), for npm run test:slurm.
#   slurm-single-node.sh start   installs slurm-wlm and munge when missing, starts them, prints sinfo
#   slurm-single-node.sh stop    ends the three daemons that start began, by their pid files
# The partition urgent preempts main (requeue).
# Seen working on Debian 12 with slurm 22.05: sbatch --wait --array, srun, scancel, --dependency.
set -euo pipefail

node="$(hostname -s)"

start() {
  if ! command -v slurmctld >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
  fi
  mkdir -p /run/munge /etc/slurm /var/spool/slurmctld /var/spool/slurmd
  chown munge:munge /run/munge
  cat > /etc/slurm/slurm.conf <<CONF
ClusterName=local
SlurmctldHost=${node}(127.0.0.1)
AuthType=auth/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdSpoolDir=/var/spool/slurmd
StateSaveLocation=/var/spool/slurmctld
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmUser=root
ReturnToService=2
NodeName=${node} NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/{print int($2/1024*0.8)}' /proc/meminfo) State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF
CONF
  pgrep -x munged >/dev/null || su munge -s /bin/sh -c /usr/sbin/munged
  pgrep -x slurmctld >/dev/null || slurmctld
  pgrep -x slurmd >/dev/null || slurmd
  for _ in $(seq 30); do
    [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break
    sleep 1
  done
  sinfo
}

stop() {
  for file in /run/slurmd.pid /run/slurmctld.pid /run/munge/munged.pid; do
    [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
  done
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,6p' "$0"; exit 2 ;;
esac
