"""The program that pags-bench starts where a Python process serves a model itself.

    python -I -S _relay.py FOLDER

It hands its standard input and output to the process that listens at the socket in FOLDER, and ends when that has
finished. Tensors do not pass through it.
"""

import os
import socket
import sys

SOCKET = "socket"


def _main(folder: str) -> None:
    # By the folder's descriptor: a socket's path may have 107 bytes, and a temporary folder's may be longer.
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(f"/proc/self/fd/{place}/{SOCKET}")
        socket.send_fds(connection, [b"1"], [0, 1])
        # The other process alone holds them: the end of either side is seen by the other.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        while connection.recv(64):
            pass


if __name__ == "__main__":
    try:
        _main(sys.argv[1])
    except OSError as error:
        sys.exit(f"the Python process that serves the model cannot be reached: {error}")
