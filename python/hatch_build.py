"""Puts the program into the wheel, and says which machines the wheel is for. `scripts/build-wheel` names the program."""

import os
import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "PAGS_BENCH_BINARY"


class ProgramHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if version == "editable":
            return  # PAGS_BENCH_PROGRAM names the program that is run
        binary = os.environ.get(VARIABLE)
        if not binary or not os.access(binary, os.X_OK):
            raise RuntimeError(f"{VARIABLE} must name a built pags-bench; scripts/build-wheel makes one and the wheel")
        build_data["force_include"][os.path.abspath(binary)] = "pags_bench/_bin/pags-bench"
        build_data["pure_python"] = False
        # Of any Python, but of one kind of machine; the glibc it takes is found out afterwards (auditwheel).
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
