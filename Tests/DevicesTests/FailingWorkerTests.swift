import Foundation
import Graph
import Tensor
import Testing
import _TestSupport

@testable import Devices

/// Programs in the place of Python that start wrongly, and workers that are lost.
@Suite(.serialized) struct FailingWorkerTests {
  /// Runs `body` with a program of these lines of the shell.
  private func withProgram(_ lines: String, _ body: (DevicePython) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("device-\(UUID().uuidString)")
    try Data("#!/bin/sh\n\(lines)\n".utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    defer { try? FileManager.default.removeItem(at: file) }
    try body(.found(option: file.path))
  }

  private func message(_ python: DevicePython, limit: Duration = .seconds(60)) -> String {
    do {
      _ = try DeviceBackend(DeviceRequest(device: DeviceName("cpu-torch"), python: python, limit: limit))
      Issue.record("a device was opened")
      return ""
    } catch { return "\(error)" }
  }

  @Test func aPythonThatIsNotThere() {
    let text = message(.found(option: "/no/such/python"))
    #expect(
      text.contains("`/no/such/python`, the Python for --device that --device-python names, cannot be started"),
      "\(text)")
    #expect(text.contains("PAGS_BENCH_PYTHON"))
  }

  @Test func programsThatAreNoPython() throws {
    try withProgram("echo Hello; cat >/dev/null") {
      #expect(message($0).contains("its process wrote `Hello` to standard output; is `"))
    }
    try withProgram("echo cannot load libcuda >&2; exit 3") {
      let text = message($0)
      #expect(text.contains("starting PyTorch: its process ended with exit code 3"), "\(text)")
      #expect(text.contains("  | cannot load libcuda"))
    }
    try withProgram("kill -9 $$") { #expect(message($0).contains("was ended by signal 9")) }
    // Sixteen bytes of a frame whose header is larger than any.
    try withProgram(#"printf 'PAGS\377\377\377\177\0\0\0\0\0\0\0\0'; cat >/dev/null"#) {
      #expect(message($0).contains("answered with a header of 2147483647 bytes"))
    }
    try withProgram(#"printf 'PAGS\2\0\0\0\0\0\0\0\0\0\0\0{}'; cat >/dev/null"#) {
      #expect(message($0).contains("answered with a header of type `(absent)`, expected `ready`"))
    }
  }

  @Test func silentPrograms() throws {
    try withProgram("sleep 600") {
      let start = ContinuousClock.now
      let text = message($0, limit: .milliseconds(700))
      #expect(text.contains("no answer within 0.7 seconds; where it only needs longer, pass --device-limit SECONDS"))
      #expect(.now - start < .seconds(20))
    }
  }

  @Test func aPythonWithoutPyTorch() throws {
    // Where the system has a Python, it is told not to look where packages are.
    guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/usr/bin/python3")) != nil else { return }
    try withProgram("exec /usr/bin/python3 -S \"$@\"") {
      let text = message($0)
      #expect(text.contains("has no PyTorch: No module named 'torch'"), "\(text)")
      let listing = try DeviceListing.found($0, limit: .seconds(60))
      #expect(listing.torch == nil && listing.devices.count == 5)
      #expect(listing.devices.allSatisfy { $0.problem?.contains("has no PyTorch") == true })
    }
  }

  // MARK: With PyTorch

  private static let hasTorch = TestedBackend.device != nil

  /// A worker of its own: the Python of the tests with `patch` run before the worker's program, `source`, which it may change.
  private func withPatched(
    _ patch: String, limit: Duration = .seconds(60), _ body: (DeviceBackend) throws -> Void
  ) throws {
    let python = DevicePython.found().program
    let lines = """
      cat >"$0.py" <<'PATCH'
      import sys
      import torch
      source = open(sys.argv[1], encoding="utf-8").read()
      \(patch)
      exec(compile(source, "worker", "exec"))
      PATCH
      exec '\(python)' "$0.py" "$3"
      """
    try withProgram(lines) { program in
      defer { try? FileManager.default.removeItem(atPath: program.program + ".py") }
      try body(DeviceBackend(DeviceRequest(device: DeviceName("cpu-torch"), python: program, limit: limit)))
    }
  }

  /// Of what `run` gives.
  private static func isRight(_ result: Tensor) -> Bool { result.scalars.allSatisfy { abs($0 - 0.46211717) < 1e-6 } }

  private func run(_ backend: DeviceBackend, images: Int) throws -> Tensor {
    var graph = Graph()
    let x = graph.input("x", [images, 4])
    let y = try graph.tanh(x)
    return try graph.evaluate([y], inputs: ["x": Tensor(shape: [images, 4], repeating: 0.5)], on: backend)[0]
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func anOperatorThatRunsOutOfMemory() throws {
    let patch = """
      real = torch.tanh
      def tanh(x):
          if x.shape[0] > 8: raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB\\nmore")
          return real(x)
      torch.tanh = tanh
      """
    try withPatched(patch) { backend in
      #expect {
        _ = try run(backend, images: 9)
      } throws: {
        "\($0)"
          == "device cpu-torch: not enough memory for one run of the network (CUDA out of memory. Tried to allocate 20.00 GiB); "
          + "pass a smaller --batch"
      }
      // It goes on with less.
      let result = try run(backend, images: 8)
      #expect(Self.isRight(result))
    }
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func aWorkerThatIsKilled() throws {
    let patch = """
      import os
      torch.tanh = lambda x: os.kill(os.getpid(), 9)
      """
    try withPatched(patch) { backend in
      for _ in 0..<2 {
        #expect {
          _ = try run(backend, images: 1)
        } throws: {
          "\($0)".contains("device cpu-torch, computing: its process was ended by signal 9")
        }
      }
    }
  }

  /// A kernel that never ends, with another run behind it; nobody waits longer than for one answer.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func aKernelThatHangs() throws {
    let patch = """
      import time
      torch.tanh = lambda x: time.sleep(600)
      """
    try withPatched(patch, limit: .seconds(20)) { backend in
      let start = ContinuousClock.now
      #expect {
        _ = try runsOfTwoThreads(backend, 2)
      } throws: {
        "\($0)".contains("device cpu-torch, computing: no answer within 20 seconds; where it only needs longer")
      }
      // Lost for good.
      #expect(throws: (any Error).self) { _ = try run(backend, images: 1) }
      #expect(.now - start < .seconds(40))
    }
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func resultsOfAnotherShape() throws {
    try withPatched("torch.tanh = lambda x: torch.zeros(3)") { backend in
      #expect {
        _ = try run(backend, images: 2)
      } throws: {
        "\($0)".contains("operator tanh: the result is torch.float32 [3], expected [2, 4]")
      }
    }
    try withPatched("torch.tanh = lambda x: x.double()") { backend in
      #expect {
        _ = try run(backend, images: 2)
      } throws: { "\($0)".contains("the result is torch.float64 [2, 4]") }
    }
  }

  @Test(.enabled(if: hasTorch, "no PyTorch")) func anOldPyTorch() throws {
    let program = """
      cat >"$0.py" <<'PATCH'
      import sys
      import torch
      torch.__version__ = "1.13.1+cu117"
      exec(compile(open(sys.argv[1], encoding="utf-8").read(), "worker", "exec"))
      PATCH
      exec '\(DevicePython.found().program)' "$0.py" "$3"
      """
    try withProgram(program) { #expect(message($0).contains("has PyTorch 1.13.1+cu117, expected 2.1 or later")) }
  }

  /// Who stops while a run goes on is heard, and the next run is not given the late answer.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func stoppedWhileItComputes() throws {
    let patch = """
      import time
      real, calls = torch.tanh, []
      def tanh(x):
          calls.append(1)
          if len(calls) == 1: time.sleep(1.5)
          return real(x)
      torch.tanh = tanh
      """
    try withPatched(patch) { backend in
      let start = ContinuousClock.now
      #expect(throws: CancellationError.self) {
        let cancellation = Cancellation { if .now - start > .milliseconds(300) { throw CancellationError() } }
        try Cancellation.$current.withValue(cancellation) { _ = try run(backend, images: 1) }
      }
      #expect(.now - start < .milliseconds(1400))
      let result = try run(backend, images: 1)
      #expect(Self.isRight(result))
    }
  }

  // MARK: Two runs at once

  /// As a GPU's: results arrive after the worker went on, and copies have streams of their own.
  private static let streams = """
    import time
    class Stream:
        def __init__(self, device=None): pass
        def wait_stream(self, other): pass
        def __enter__(self): return self
        def __exit__(self, *error): pass
    events, seconds = [], 0.05
    class Event:
        def record(self, stream):
            self.end = time.monotonic() + seconds
            events.append(self)
        def query(self): return time.monotonic() >= self.end
        def synchronize(self): time.sleep(max(0, self.end - time.monotonic()))
    class Runtime:
        def cudaHostRegister(self, address, size, flags): return 0
        def cudaHostUnregister(self, address):
            assert all(event.query() for event in events), "memory is dropped that results are on their way to"
            return 0
    torch.cuda.Stream, torch.cuda.Event, torch.cuda.cudart = Stream, Event, Runtime
    torch.cuda.current_stream = torch.cuda.stream = lambda value: value if isinstance(value, Stream) else Stream()
    torch.Tensor.record_stream = lambda self, stream: None
    assert 'StreamedCopies if self.device.type == "cuda" else' in source
    source = source.replace('self.device.type == "cuda" else', "True else")
    """

  /// tanh of one number on two threads, many times; what each gave.
  private func runsOfTwoThreads(_ backend: DeviceBackend, _ count: Int) throws -> [Float] {
    var graph = Graph()
    let x = graph.input("x", [1])
    let y = try graph.tanh(x)
    let pool = WorkspacePool(try backend.compile(graph, outputs: [y]))
    return try Workers.map(count, threads: 2) { index in
      try pool.withWorkspace { workspace in
        try workspace.set("x", to: Tensor(shape: [1], scalars: [Float(index) / 8]))
        try workspace.run()
        return try workspace.outputBuffer(0)[0]
      }
    }
  }

  @Test(.enabled(if: hasTorch, "no PyTorch"), arguments: [false, true])
  func everyRunGetsItsOwnNumbers(_ isStreamed: Bool) throws {
    try withPatched(isStreamed ? Self.streams : "") { backend in
      let start = ContinuousClock.now
      let results = try runsOfTwoThreads(backend, 40)
      // Arriving one after the other, 40 results of 50 ms take two seconds.
      if isStreamed { #expect(.now - start < .milliseconds(1800)) }
      for (index, value) in results.enumerated() {
        #expect(abs(Double(value) - Foundation.tanh(Double(index) / 8)) < 1e-6)
      }
    }
  }

  /// A run without memory, behind one whose results are on their way; then the same two threads go on.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func memoryThatLacksBehindAnotherRun() throws {
    let patch =
      Self.streams + """

        real = torch.tanh
        def tanh(x):
            if x.numel() == 1 and x.item() == 2: raise torch.OutOfMemoryError("CUDA out of memory.")
            return real(x)
        torch.tanh = tanh
        """
    try withPatched(patch) { backend in
      #expect {
        _ = try runsOfTwoThreads(backend, 40)
      } throws: { "\($0)".contains("not enough memory for one run of the network (CUDA out of memory.)") }
      let results = try runsOfTwoThreads(backend, 8)
      #expect(results.count == 8)
    }
  }

  /// Its workspace is no more when the results come.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func aRunThatNobodyWaitedForKeepsItsMemory() throws {
    try withPatched(Self.streams + "\nseconds = 1.5") { backend in
      var graph = Graph()
      let x = graph.input("x", [1, 4])
      let y = try graph.tanh(x)
      let program = try backend.compile(graph, outputs: [y])
      let kept = try program.makeWorkspace(threads: 1)
      let start = ContinuousClock.now
      #expect(throws: CancellationError.self) {
        let cancellation = Cancellation { if .now - start > .milliseconds(300) { throw CancellationError() } }
        try Cancellation.$current.withValue(cancellation) { try program.makeWorkspace(threads: 1).run() }
      }
      // Goes there with the word that the other one's workspace may be forgotten.
      try kept.set("x", to: Tensor(shape: [1, 4], repeating: 0.5))
      try kept.run()
      #expect(Self.isRight(try kept.output(0)))
    }
  }

  /// Who stops while another one's run is computed is heard at once, and nobody gets the other's numbers.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func stoppedBehindAnotherRun() throws {
    let patch = """
      import time
      real = torch.tanh
      def tanh(x):
          time.sleep(1.5 if x[0, 0] == 0.5 else 0)
          return real(x)
      torch.tanh = tanh
      """
    try withPatched(patch) { backend in
      var graph = Graph()
      let x = graph.input("x", [1, 4])
      let y = try graph.tanh(x)
      let program = try backend.compile(graph, outputs: [y])
      let start = ContinuousClock.now
      let values = try Workers.map(2, threads: 2) { index -> Float? in
        let workspace = try program.makeWorkspace(threads: 1)
        try workspace.set("x", to: Tensor(shape: [1, 4], repeating: index == 0 ? 0.5 : 0.25))
        // The other one has its workspace by then, and the slow one is on its way by then.
        Thread.sleep(forTimeInterval: index == 0 ? 0.3 : 0.6)
        guard index == 1 else {
          try workspace.run()
          return try workspace.outputBuffer(0)[0]
        }
        let cancellation = Cancellation { if .now - start > .milliseconds(900) { throw CancellationError() } }
        #expect(throws: CancellationError.self) {
          try Cancellation.$current.withValue(cancellation) { try workspace.run() }
        }
        #expect(.now - start < .milliseconds(1600))
        return nil
      }
      #expect(abs((values[0] ?? 0) - 0.46211717) < 1e-6)
      let result = try run(backend, images: 1)
      #expect(Self.isRight(result))
    }
  }

  /// A process that ends, however, leaves no worker behind.
  @Test(.enabled(if: hasTorch, "no PyTorch")) func aBackendThatIsNoMoreLeavesNoProcess() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("device-pid-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try withPatched("import os; open('\(file.path)', 'w').write(str(os.getpid()))") { backend in
      _ = try run(backend, images: 1)
    }
    let process = try #require(pid_t(try String(contentsOf: file, encoding: .utf8)))
    // The system's book-keeping takes a moment.
    let end = ContinuousClock.now + .seconds(10)
    while kill(process, 0) == 0, .now < end { Thread.sleep(forTimeInterval: 0.05) }
    #expect(kill(process, 0) != 0)
  }
}
