import CPU
import Foundation
import Tensor
import Testing
import _TestSupport

@testable import Devices
@testable import Graph

/// What holds of the device alone; what holds of every backend, the suites of graphs say.
@Suite(.enabled(if: TestedBackend.device != nil, "no PyTorch: PAGS_BENCH_PYTHON names no Python that has it"))
struct DeviceBackendTests {
  private func device() throws -> DeviceBackend { try #require(TestedBackend.device) }

  private func numbers(_ shape: Shape, _ name: String) -> Tensor {
    Tensor(
      shape: shape, scalars: RandomStream(seed: 5, name: name).normals(item: 0, count: shape.count).map { Float($0) })
  }

  /// A convolution, a rectifier, pooling and a linear layer, with the gradient of a sum of logits.
  private func network(images: Int) throws -> (graph: Graph, outputs: [Graph.Value]) {
    var graph = Graph()
    let x = graph.input("images", [images, 3, 8, 8])
    let w = graph.constant(numbers([4, 3, 3, 3], "w"))
    let v = graph.constant(numbers([5, 64], "v"))
    var y = try graph.relu(graph.conv2d(x, w, ConvolutionGeometry(padding: 1)))
    y = try graph.maxPool2d(y, PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2)))
    let logits = try graph.linear(graph.flatten(y), v)
    let cotangent = graph.input("cotangent", [images, 5])
    let gradient = try graph.gradient(of: [(logits, cotangent)], withRespectTo: [x])
    return (graph, [logits] + gradient)
  }

  @Test func agreesWithTheProcessorInTwoStages() throws {
    let (graph, outputs) = try network(images: 3)
    let images = numbers([3, 3, 8, 8], "images")
    var results: [[Tensor]] = []
    for backend in [CPUBackend(), try device()] as [any Backend] {
      let program = try backend.compile(graph, outputs: outputs, lateInputs: ["cotangent"])
      let workspace = try program.makeWorkspace(threads: 1)
      try workspace.set("images", to: images)
      try workspace.runFirstStage()
      var here = [try workspace.output(0)]
      // The second stage again and again after one first.
      for turn in 0..<3 {
        try workspace.set("cotangent", to: numbers([3, 5], "cotangent \(turn)"))
        try workspace.runSecondStage()
        here.append(try workspace.output(1))
      }
      results.append(here)
    }
    for (expected, got) in zip(results[0], results[1]) {
      #expect(Agreement.excess(got.scalars, expected.scalars.map(Double.init), absolute: 1e-5, relative: 1e-5) <= 1)
    }
  }

  /// Fused operators are the processor's; constants travel once.
  @Test func plansAreNotFused() throws {
    let (graph, outputs) = try network(images: 2)
    let plan = try ExecutablePlan(graph, outputs: outputs, lateInputs: ["cotangent"], for: try device())
    let fused = plan.graph.values.filter {
      if case .apply(let operation, _) = plan.graph[$0].source { operation is any FusedOperator } else { false }
    }
    #expect(fused.isEmpty)
  }

  @Test func theSameRunTwiceGivesTheSameBytes() throws {
    let (graph, outputs) = try network(images: 4)
    let inputs = ["images": numbers([4, 3, 8, 8], "a"), "cotangent": numbers([4, 5], "b")]
    let first = try graph.evaluate(outputs, inputs: inputs, on: try device())
    let second = try graph.evaluate(outputs, inputs: inputs, on: try device())
    #expect(first == second)
  }

  @Test func operatorsThatItDoesNotKnowAreNamedBeforeAnythingRuns() throws {
    var graph = Graph()
    let x = graph.input("x", [1, 2, 3, 3])
    let y = try graph.apply(
      FusedChannels(terms: [FusedChannels.Term()]), [x])
    #expect {
      _ = try device().compile(graph, outputs: [y])
    } throws: { "\($0)" == "the backend `cpu-torch` cannot compute the operator fused-channels" }
  }

  /// Workspaces and programs that are no more do not stay on the device.
  @Test func constantsAreForgotten() throws {
    let backend = try device()
    for _ in 0..<3 {
      let (graph, outputs) = try network(images: 1)
      let program = try backend.compile(graph, outputs: outputs)
      let other = try backend.compile(graph, outputs: [outputs[0]])
      for program in [program, other] {
        let workspace = try program.makeWorkspace(threads: 1)
        try workspace.set("images", to: numbers([1, 3, 8, 8], "x"))
        try workspace.run()
      }
    }
    #expect(backend.record.precision == "float32" && backend.record.software["torch"] != nil)
  }

  /// One of them brings the weights of all, while others drop theirs.
  @Test func programsOfTheSameWeightsFromSeveralThreads() throws {
    let backend = try device()
    let (graph, outputs) = try network(images: 1)
    let images = numbers([1, 3, 8, 8], "x")
    let results = try Workers.map(24, threads: 4) { _ in
      let workspace = try backend.compile(graph, outputs: [outputs[0]]).makeWorkspace(threads: 1)
      try workspace.set("images", to: images)
      try workspace.run()
      return try workspace.output(0)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func severalThreadsTakeTurns() throws {
    let (graph, outputs) = try network(images: 2)
    let pool = WorkspacePool(try device().compile(graph, outputs: outputs))
    let images = numbers([2, 3, 8, 8], "x")
    let results = try Workers.map(8, threads: 4) { _ in
      try pool.withWorkspace { workspace in
        try workspace.set("images", to: images)
        try workspace.set("cotangent", to: Tensor(shape: [2, 5], repeating: 1))
        try workspace.run()
        return try workspace.output(1)
      }
    }
    #expect(results.allSatisfy { $0 == results[0] })
    #expect(pool.idleCount <= 2)
  }

  /// Half of the largest operand's last bit, seven bits of fraction.
  @Test func shorterOperandsRoundMore() throws {
    let python = DevicePython.found()
    let (graph, outputs) = try network(images: 2)
    let inputs = ["images": numbers([2, 3, 8, 8], "a"), "cotangent": numbers([2, 5], "b")]
    func device(_ precision: DevicePrecision) throws -> DeviceBackend {
      try DeviceBackend(DeviceRequest(device: DeviceName("cpu-torch"), precision: precision, python: python))
    }
    let short = try device(.bf16)
    let exact = try graph.evaluate([outputs[0]], inputs: inputs, on: try self.device())[0]
    let rounded = try graph.evaluate([outputs[0]], inputs: inputs, on: short)[0]
    let size = exact.scalars.map { abs($0) }.max() ?? 0
    let largest = zip(exact.scalars, rounded.scalars).map { abs($0 - $1) }.max() ?? 0
    #expect(largest > 1e-4 * size && largest < 0.05 * size)
    let strict = try self.device()
    #expect(short.rounding != strict.rounding && short.record.precision == "bf16")
    // Three products of parts are nearly the product.
    let parts = try graph.evaluate(outputs, inputs: inputs, on: device(.tf32x3))
    for (got, expected) in zip(parts, try graph.evaluate(outputs, inputs: inputs, on: self.device())) {
      let size = expected.scalars.map { abs($0) }.max() ?? 0
      #expect(zip(got.scalars, expected.scalars).allSatisfy { abs($0 - $1) <= 1e-6 * size })
    }
  }

  @Test func devicesThatAreNotThereSaySo() throws {
    #expect {
      _ = try DeviceBackend(DeviceRequest(device: DeviceName("cpu-torch:7")))
    } throws: { "\($0)".contains("there is no device cpu-torch:7: there are 1 of them, counted from 0") }
    let listing = try DeviceListing.found(.found(), limit: .seconds(300))
    #expect(Set(listing.devices.map { $0.name.prefix { $0 != ":" } }).count == 5)
    #expect(listing.devices.allSatisfy { ($0.problem == nil) == ($0.hardware != nil) })
    for device in listing.devices where device.problem != nil {
      #expect(throws: DeviceError.self) { try DeviceBackend(DeviceRequest(device: DeviceName(device.name))) }
    }
  }
}

@Suite struct DeviceNameTests {
  @Test func names() throws {
    #expect(try DeviceName("cuda") == DeviceName("cuda"))
    #expect(try DeviceName("cuda:1").description == "cuda:1" && DeviceName("cpu-torch").index == nil)
    for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1:2", "cuda:99999999999999999999", "CUDA", "cpu"] {
      #expect(throws: DeviceError.self) { try DeviceName(text) }
    }
  }
}
