// Tests of plugins import one module.
@_exported import Conformance
