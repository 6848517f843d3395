# Sourced by scripts whose servers accept connections from any address. `enter_loopback ABOUT SCRIPT ARGUMENT...` runs the
# script again, with the last argument --inside, in a network namespace that has loopback only. Says so and exits with 0 where
# that is impossible. `raise_loopback PYTHON` sets up loopback in the new namespace.

enter_loopback() {
  local about=$1 enter=(unshare --net)
  shift
  [ "$(id -u)" = 0 ] || enter=(unshare --map-root-user --net)
  if ! "${enter[@]}" true; then
    {
      echo "############################################################################"
      echo "## SKIPPED: $about."
      echo "## \`${enter[*]}\` cannot make a network namespace on this machine,"
      echo "## and outside of one the network could reach the server of this test."
      echo "############################################################################"
    } >&2
    exit 0
  fi
  exec "${enter[@]}" "$@" --inside
}

# `ip` may be missing, so Python sets the flag IFF_UP with SIOCSIFFLAGS.
raise_loopback() {
  "$1" - <<'PYTHON'
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
PYTHON
}
