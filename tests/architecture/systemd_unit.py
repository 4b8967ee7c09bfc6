#!/usr/bin/env python3
"""Checks the systemd unit offline: it parses without a warning, its exposure stays low, its user is declared.

usage: systemd_unit.py SYSTEMD_DIR [BINARY]

BINARY stands in for /usr/bin/pollhook, which need not be installed.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

INSTALLED = "/usr/bin/pollhook"
# Tenths of systemd's exposure level: 1.1, what the daemon was shown to run with.
THRESHOLD = 11


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    return result.returncode, (result.stdout + result.stderr).strip()


def check(directory, binary, scratch):
    unit = directory / "pollhook.service"
    text = unit.read_text(encoding="utf-8")
    copy = scratch / unit.name
    copy.write_text(text.replace(INSTALLED, str(binary)), encoding="utf-8")

    code, output = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copy)
    if code != 0 or output:
        yield f"systemd-analyze verify: {output or code}"

    code, output = run("systemd-analyze", "security", "--offline=yes", f"--threshold={THRESHOLD}", copy)
    if code != 0:
        yield f"systemd-analyze security: {output}"
    print(output.splitlines()[-1] if output else "")

    sysusers = directory / "pollhook.sysusers.conf"
    if shutil.which("systemd-sysusers"):
        code, output = run("systemd-sysusers", "--dry-run", sysusers)
        if code != 0:
            yield f"systemd-sysusers: {output}"
    if "\nUser=pollhook\n" not in text or "u pollhook " not in sysusers.read_text(encoding="utf-8"):
        yield "the unit's user and sysusers.conf's differ"

    # systemd-analyze looks for the socket's service beside it.
    socket = directory / "pollhook.socket"
    shutil.copy(socket, scratch / socket.name)
    code, output = run(
        "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", scratch / socket.name, copy
    )
    if code != 0 or output:
        yield f"systemd-analyze verify {socket.name}: {output or code}"

    # The daemon speaks this protocol; another type would start it without ever waiting for READY=1.
    reload = "ExecReload=/usr/bin/pollhook reload --wait -c /etc/pollhook/pollhook.toml"
    for line in ("Type=notify", "NotifyAccess=main", "WatchdogSec=30s", reload):
        if f"\n{line}\n" not in text:
            yield f"{line} is missing"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    binary = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else sys.executable)
    if not os.access(binary, os.X_OK):
        binary = pathlib.Path(sys.executable)
    with tempfile.TemporaryDirectory() as scratch:
        problems = list(check(pathlib.Path(sys.argv[1]).resolve(), binary.resolve(), pathlib.Path(scratch)))
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
