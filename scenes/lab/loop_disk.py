"""System calls for a real disk of one's own: mount namespace, loop device, mount, ext4's shutdown.

The image is a file without a name, so that nothing of it is left when its last descriptor closes;
the loop device clears itself (LO_FLAGS_AUTOCLEAR) and the mount lives in a private namespace, so
that both go with the last process in it, however that ends.
Source: loop(4), mount_namespaces(7), Linux 6.18: include/uapi/linux/loop.h, fs/ext4/ext4.h.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
import time

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
LOOP_CTL_GET_FREE, LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4
EXT4_IOC_SHUTDOWN, NOLOGFLUSH = 0x8004587D, 2

OPTIONS = "noauto_da_alloc"
"""ext4 otherwise flushes a file that is renamed over another: a favour that hides a missing fsync,
and that no other file system owes anybody (ext4(5))."""
UNMOUNT_SECONDS = 10.0
_LOOP_CONFIG = struct.Struct("=II QQQQQ IIII 64s 64s 32s QQ 64x")
_ATTEMPTS = 20

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_private_namespace() -> None:
    """From now on this process' mounts are nobody else's."""
    _checked(_libc.unshare(CLONE_NEWNS), "unshare")
    _checked(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount --make-rprivate /")


def nameless_image(folder: str, size: int) -> int:
    """A descriptor of an image with a fresh ext4 on it, `size` bytes, sparse, already unlinked."""
    path = os.path.join(folder, f"image-{os.getpid()}")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.unlink(path)
    os.ftruncate(fd, size)
    command = ["mkfs.ext4", "-q", "-F", "-b", "4096", "-J", "size=4", "-N", "256"]
    command += ["-E", "nodiscard,lazy_itable_init=1", f"/proc/self/fd/{fd}"]
    environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    done = subprocess.run(
        command, pass_fds=(fd,), capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise OSError(0, f"mkfs.ext4: {done.stderr.strip()}")
    return fd


def attach(image: int) -> tuple[int, str]:
    """(descriptor, path) of a loop device over the image; it is gone when nobody has it open."""
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_ATTEMPTS):
            path = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            info = (0, 0, 0, 0, 0, 0, 0, 0, LO_FLAGS_AUTOCLEAR, b"", b"", b"", 0, 0)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, _LOOP_CONFIG.pack(image, 4096, *info))
            except OSError:  # somebody else was quicker: another one
                os.close(device)
                continue
            return device, path
    finally:
        os.close(control)
    raise OSError(0, "no free loop device")


def mount(device: str, point: str) -> None:
    """Mount it; ext4 replays its journal where it was not unmounted properly."""
    words = [word.encode() for word in (device, point, "ext4", OPTIONS)]
    _checked(_libc.mount(*words[:3], 0, words[3]), f"mount {device}")


def unmount(point: str) -> None:
    """Unmount; waits for killed processes to let go of it."""
    deadline = time.monotonic() + UNMOUNT_SECONDS
    while True:
        try:
            return _checked(_libc.umount2(point.encode(), 0), f"umount {point}")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.002)


def detach(point: str) -> None:
    """Take the mount out of sight; it is gone when nobody uses it."""
    _libc.umount2(point.encode(), MNT_DETACH)


def cut(point: str) -> None:
    """Cut the file system off from its disk, now: nothing more is written, its journal included."""
    fd = os.open(point, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
    finally:
        os.close(fd)
