"""Puts the program into the wheel, and says which machines the wheel is for. `scripts/build-wheel` names the program."""

import os
import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "PAGS_BENCH_BINARY"
#: A folder with those of the libraries that will be put beside the program.
LICENSES = "PAGS_BENCH_LICENSES"
#: A folder with completions and manual pages, as `scripts/build-shell-files` makes it.
SHARED = "PAGS_BENCH_SHARED"


class ProgramHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if version == "editable":
            return  # PAGS_BENCH_PROGRAM names the program that is run
        binary = os.environ.get(VARIABLE)
        if not binary or not os.access(binary, os.X_OK):
            raise RuntimeError(f"{VARIABLE} must name a built pags-bench; scripts/build-wheel makes one and the wheel")
        build_data["force_include"][os.path.abspath(binary)] = "pags_bench/_bin/pags-bench"
        licenses = os.environ.get(LICENSES)
        for name in sorted(os.listdir(licenses)) if licenses else ():
            build_data["force_include"][os.path.join(os.path.abspath(licenses), name)] = f"pags_bench/_bin/licenses/{name}"
        if shared := os.environ.get(SHARED):
            # Beside the environment's bin/, where bash-completion, fish and man look for what its programs have.
            build_data["shared_data"][os.path.abspath(shared)] = "share"
        build_data["pure_python"] = False
        # Of any Python, but of one kind of machine; the glibc it takes is found out afterwards (auditwheel).
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
