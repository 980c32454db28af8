#!/bin/sh
# hosts.sh ARGUMENT...: mpirun with these arguments, on two hosts, which two
# network namespaces stand for: the first rank on one, the others on the other.
# Needs root. With no arguments: whether that can be.
set -eu

id=$$
one=threading-a-$id two=threading-b-$id
agent=$(mktemp)
remove() {
  ip netns del "$one" 2>/dev/null || true
  ip netns del "$two" 2>/dev/null || true
  rm -f "$agent"
}
trap remove EXIT

join() {
  ip link set "$2" netns "$1"
  ip -n "$1" addr add "$3/24" dev "$2"
  ip -n "$1" link set "$2" up
  ip -n "$1" link set lo up
}

{
  ip netns add "$one"
  ip netns add "$two"
  ip link add "tha$id" type veth peer name "thb$id"
  join "$one" "tha$id" 10.211.0.1
  join "$two" "thb$id" 10.211.0.2
  ip netns exec "$two" unshare -u -m true
} 2>/dev/null
[ $# -gt 0 ] || exit 0

# What mpirun calls in the place of ssh: the other host has another name, and
# another shared memory.
cat >"$agent" <<END
#!/bin/sh
shift
exec ip netns exec $two unshare -u -m sh -c \
  'hostname other; mount -t tmpfs none /dev/shm; exec sh -c "\$*"' sh "\$@"
END
chmod +x "$agent"
network=10.211.0.0/24
# shellcheck disable=SC2016
ip netns exec "$one" unshare -u sh -c 'hostname this; exec "$@"' sh \
  mpirun --mca plm_rsh_agent "$agent" --mca btl_tcp_if_include $network \
  --mca oob_tcp_if_include $network --host 10.211.0.1:1,10.211.0.2:99 \
  -x OMPI_ALLOW_RUN_AS_ROOT \
  -x OMPI_ALLOW_RUN_AS_ROOT_CONFIRM "$@"
