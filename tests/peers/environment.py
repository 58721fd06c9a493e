"""Where the peers run: a virtual environment beside the repository, made and filled when a script first needs it.

A script calls enter("numpy", "torch", ...) before it imports them. The environment lies at CLUNROLL_PEERS or
~/.cache/clunroll/peers; what is missing there is installed, and the script starts again inside. Offline, have the packages there
before. Standard library only.
"""
import importlib.metadata
import os
import pathlib
import subprocess
import sys
import venv


def folder():
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("CLUNROLL_PEERS") or pathlib.Path(cache) / "clunroll" / "peers")


def missing(packages):
    lacking = []
    for package in packages:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            lacking.append(package)
    return lacking


def install(packages):
    print(f"installing {', '.join(packages)} into {sys.prefix}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        sys.exit(f"{sys.argv[0]}: cannot install {', '.join(packages)}; put them into {sys.prefix} yourself, or name another "
                 "environment in CLUNROLL_PEERS")


def enter(*packages):
    """Returns inside the environment, with the packages there, or ends the script with the reason."""
    target = folder().resolve()
    if pathlib.Path(sys.prefix).resolve() != target:
        python = target / "bin" / "python"
        if not python.exists():
            print(f"making the environment {target}", file=sys.stderr, flush=True)
            venv.create(target, with_pip=True)
        os.execv(python, [str(python), *sys.argv])
    lacking = missing(packages)
    if lacking:
        install(lacking)


def versions(*packages):
    return ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
