import Graph
import Tensor
import Testing
import _TestSupport

@testable import Devices

/// Tensors that stay on a device, and that programs read and replace there.
@Suite(.enabled(if: TestedBackend.device != nil, "no PyTorch: PAGS_BENCH_PYTHON names no Python that has it"))
struct ResidentTensorTests {
  /// w <- w + x, with the sum of the old w.
  private func program(_ device: DeviceBackend) throws -> any CompiledProgram {
    var graph = Graph()
    let (w, x) = (graph.input("w", [4]), graph.input("x", [4]))
    let outputs = try [graph.sum(w, axes: [0]), graph.add(w, x)]
    return try device.compile(graph, outputs: outputs)
  }

  @Test func programsReplaceThem() throws {
    let device = try #require(TestedBackend.device)
    let program = try program(device)
    let tensors = try #require(device.makeResidentTensors())
    try tensors.store(["w": [1, 2, 3, 4], "other": [7]])
    // Two workspaces see the same tensor, each what the other left.
    let workspaces = try (0..<2).map { _ in try tensors.makeWorkspace(of: program, replacing: [1: "w"]) }
    var sums: [Float] = []
    for step in 0..<4 {
      let workspace = workspaces[step % 2]
      try workspace.set("x", to: Tensor(shape: [4], scalars: [1, 0, 0, Float(step)]))
      try workspace.run()
      sums.append(try workspace.outputBuffer(0)[0])
    }
    #expect(sums == [10, 11, 13, 16])
    #expect(try tensors.fetch(["w", "other"]) == ["w": [5, 2, 3, 10], "other": [7]])
    try tensors.store(["w": [0, 0, 0, 1]])
    try workspaces[0].run()
    #expect(try workspaces[0].outputBuffer(0)[0] == 1)
  }

  /// Neither takes memory that both processes see.
  @Test func theyDoNotTravelWithRuns() throws {
    let plan = try program(try #require(TestedBackend.device)).plan
    let all = DevicePlaces(plan)
    let places = DevicePlaces(plan, resident: ["w"], staying: [1])
    #expect(places.bytes < all.bytes && Array(places.inputs.keys) == ["x"])
    #expect(places.outputs[0] >= 0 && places.outputs[1] == -1)
  }

  /// Two sets of the same names are two.
  @Test func setsAreApart() throws {
    let device = try #require(TestedBackend.device)
    let (one, other) = (try #require(device.makeResidentTensors()), try #require(device.makeResidentTensors()))
    try one.store(["w": [1]])
    try other.store(["w": [2]])
    #expect(try one.fetch(["w"]) == ["w": [1]] && other.fetch(["w"]) == ["w": [2]])
  }
}
