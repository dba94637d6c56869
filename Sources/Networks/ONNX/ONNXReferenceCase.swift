import Checkpoints
import Foundation
import Graph
import Tensor

/// An ONNX graph with given inputs and the outputs they must lead to, in the layout of the ONNX project's own tests:
/// `model.onnx` and, in `test_data_set_0`, `input_0.pb`, ..., `output_0.pb`, ...
///
/// The graph need not be a classifier: this is how single operators are checked.
package struct ONNXReferenceCase {
  private let model: ONNXModel
  private let inputs: [StoredTensor]
  private let outputs: [StoredTensor]

  /// - Throws: `CheckpointError` where a file is missing or damaged.
  package init(folder: URL) throws {
    model = try ONNXReader.model(of: CheckpointFile.open(folder.appendingPathComponent("model.onnx").path))
    let data = folder.appendingPathComponent("test_data_set_0")
    func tensors(_ stem: String) throws -> [StoredTensor] {
      var result: [StoredTensor] = []
      while true {
        let path = data.appendingPathComponent("\(stem)_\(result.count).pb").path
        guard FileManager.default.fileExists(atPath: path) else { return result }
        result.append(try ONNXReader.tensor(of: CheckpointFile.open(path)))
      }
    }
    inputs = try tensors("input")
    outputs = try tensors("output")
  }

  /// What disagrees with the reference, in words; empty where nothing does.
  /// - Throws: `ONNXImportError`, `GraphError` where the graph cannot be imported.
  package func problems(absolute: Double, relative: Double) throws -> [String] {
    var graph = Graph()
    var given: [String: ImportedValue] = [:]
    var known: [String: Tensor] = [:]
    for (info, tensor) in zip(model.graph.inputs, inputs) {
      let shape = Shape(tensor.shape)
      if tensor.dtype.isFloatingPoint {
        known[info.name] = Tensor(shape: shape, scalars: try tensor.floats())
        given[info.name] = .real(graph.input(info.name, shape))
      } else {
        let kind: ElementKind = tensor.dtype == .bool ? .boolean : .integer
        given[info.name] = .integers(
          IntegerTensor(shape: shape, values: try tensor.integers().map { Int($0) }, kind: kind))
      }
    }
    var importer = GraphImporter(graph, model, ONNXConstants(model))
    importer.known = known
    let results = try importer.run(given)
    guard results.count == outputs.count else {
      return ["the graph has \(results.count) outputs, the reference \(outputs.count)"]
    }
    let values = results.map { $0.value(in: &importer.graph) }
    let tensors = try importer.graph.evaluate(values, inputs: known, on: Engine.backend)
    var problems: [String] = []
    for (index, (tensor, reference)) in zip(tensors, outputs).enumerated() {
      problems += try difference(tensor, reference, absolute: absolute, relative: relative).map {
        "output \(index) \($0)"
      }
    }
    return problems + (try derivativeProblems(&importer.graph, values, results, known))
  }

  private func difference(
    _ tensor: Tensor, _ reference: StoredTensor, absolute: Double, relative: Double
  ) throws -> [String] {
    guard tensor.shape.dimensions == reference.shape else {
      return ["has shape \(tensor.shape), expected \(reference.shape)"]
    }
    let expected = try reference.doubles()
    for (index, (value, wanted)) in zip(tensor.scalars, expected).enumerated() {
      let got = Double(value)
      let agrees =
        got == wanted || (got.isNaN && wanted.isNaN) || abs(got - wanted) <= absolute + relative * abs(wanted)
      guard agrees else { return ["is \(got) at element \(index), expected \(wanted)"] }
    }
    return []
  }

  /// Reverse against forward mode: <c, J t> = <J'c, t> for the real inputs and outputs.
  private func derivativeProblems(
    _ graph: inout Graph, _ values: [Graph.Value], _ results: [ImportedValue], _ known: [String: Tensor]
  ) throws -> [String] {
    let leaves = graph.values.filter { if case .input = graph[$0].source { true } else { false } }
    guard let index = results.firstIndex(where: { $0.kind == .real }), !leaves.isEmpty else { return [] }
    let stream = RandomStream(seed: 0, name: "onnx-derivatives")
    func weights(_ value: Graph.Value, _ item: Int) -> Tensor {
      let shape = graph.shape(of: value)
      return Tensor(shape: shape, scalars: stream.normals(item: item, count: shape.count).map { Float($0) })
    }
    let cotangent = weights(values[index], 0)
    let tangents = leaves.indices.map { weights(leaves[$0], $0 + 1) }
    let gradients = try graph.gradient(
      of: [(values[index], graph.constant(cotangent))], withRespectTo: leaves)
    var directions: [(value: Graph.Value, tangent: Graph.Value)] = []
    for (leaf, tangent) in zip(leaves, tangents) { directions.append((leaf, graph.constant(tangent))) }
    let derivative = try graph.jvp(of: [values[index]], tangents: directions)
    let computed = try graph.evaluate(gradients + derivative, inputs: known, on: Engine.backend)
    func inner(_ left: [Tensor], _ right: [Tensor]) -> (sum: Double, magnitude: Double) {
      let products = zip(left, right).flatMap { zip($0.scalars, $1.scalars).map { Double($0) * Double($1) } }
      return (products.reduce(0, +), products.reduce(0) { $0 + abs($1) })
    }
    let reverse = inner(Array(computed.dropLast()), tangents)
    let forward = inner(Array(computed.suffix(1)), [cotangent])
    let scale = max(reverse.magnitude, forward.magnitude)
    // Where the function itself is singular there is nothing to compare.
    guard reverse.sum.isFinite, forward.sum.isFinite else { return [] }
    return abs(reverse.sum - forward.sum) <= 1e-4 * scale + 1e-6
      ? [] : ["the reverse derivative gives \(reverse.sum), the forward one \(forward.sum)"]
  }
}
