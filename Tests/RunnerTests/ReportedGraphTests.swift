import Foundation
import ONNXSchema
import Testing
import _Fixtures

/// ONNX graphs as people report them, given to the program.
@Suite struct ReportedGraphTests {
  private static let fixtures = RealBinary.package.appendingPathComponent("Tests/Fixtures/onnx")

  @Test(
    "graphs that normalise are not normalised twice, those that mix images are run one by one",
    arguments: [
      (
        "nhwc-softmax", [], 0, "the graph normalises pixels itself (node `normalised` (Div): mean 0.3 to 0.5, std 0.25)"
      ),
      ("nhwc-softmax", ["--mean", "0.5", "--std", "0.25"], 1, "pixels would be normalised twice: the graph does it"),
      ("nhwc-softmax", ["--mean", "125", "--std", "63"], 64, "of pixels in 0...255, pixels here are in [0, 1]"),
      ("mixes-images", [], 0, "the graph mixes the images of a batch; it is run image by image"),
      ("single-image", [], 0, "the graph is made for single images"),
    ] as [(String, [String], Int32, String)])
  func exported(_ name: String, _ options: [String], _ status: Int32, _ words: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let graph = Self.fixtures.appendingPathComponent("\(name).onnx").path
    let outcome = try binary.runNetwork(graph, image: [3, 8, 8], options)
    Snapshot.expect(
      outcome.said.replacing(binary.folder.path, with: "FOLDER").replacing(Self.fixtures.path, with: "FIXTURES"),
      "reported/\(([name] + options).joined(separator: "-"))")
    #expect(outcome.status == status && outcome.said.contains(words), "\(outcome.said)")
  }

  /// Graphs whose exporter was told something else than what is wanted here.
  private enum Graph: String, CaseIterable, Sendable {
    case trainingFormOfOpset9, trainingModeOfOpset15, batchMeanAsConstant, untrainedStatistics, batchOfFour

    var status: Int32 { self == .untrainedStatistics ? 0 : 1 }

    var words: [String] {
      switch self {
      case .trainingFormOfOpset9: ["in training form (it has 5 outputs)", "model.eval()"]
      case .trainingModeOfOpset15: ["training_mode 1", "model.eval()"]
      case .batchMeanAsConstant: ["every image by itself gets the same logits", "model.eval()"]
      case .untrainedStatistics: ["batch statistics were never computed"]
      case .batchOfFour: ["made for batches of 4", "dynamic_axes"]
      }
    }

    var model: ProtoModel {
      let normalisation = ["f", "one", "zero", "zero", "one"]
      switch self {
      case .trainingFormOfOpset9:
        return features(
          [ONNXGraphs.node("BatchNormalization", normalisation, ["y", "m", "v", "sm", "sv"])], opset: 9)
      case .trainingModeOfOpset15:
        return features(
          [ONNXGraphs.node("BatchNormalization", normalisation, ["y", "m", "v"], ["training_mode": .int(1)])], opset: 15
        )
      case .untrainedStatistics:
        return features([ONNXGraphs.node("BatchNormalization", normalisation, ["y"])], opset: 15)
      case .batchMeanAsConstant:
        return features(
          [ONNXGraphs.node("ReduceMean", ["f", "batch"], ["m"]), ONNXGraphs.node("Sub", ["f", "m"], ["y"])], opset: 18)
      case .batchOfFour:
        var model = ONNXGraphs.model(
          [ONNXGraphs.node("Reshape", ["x", "shape"], ["y"])], [ONNXGraphs.integers("shape", [16, 1])],
          image: [1, 2, 2])
        model.graph.input = [ONNXGraphs.value("x", [4, 1, 2, 2])]
        return model
      }
    }

    /// Two features of an image, from `f` to `y` by `nodes`.
    private func features(_ nodes: [ProtoNode], opset: Int64) -> ProtoModel {
      ONNXGraphs.model(
        [ONNXGraphs.node("Flatten", ["x"], ["row"]), ONNXGraphs.node("MatMul", ["row", "weights"], ["f"])] + nodes,
        [
          ONNXGraphs.floats("one", [1, 1]), ONNXGraphs.floats("zero", [0, 0]), ONNXGraphs.integers("batch", [0]),
          ONNXGraphs.floats("weights", (0..<8).map { Float($0) / 8 - 0.4 }, [4, 2]),
        ],
        image: [1, 2, 2], opset: opset)
    }
  }

  @Test("graphs that were exported wrongly are refused with what to tell the exporter", arguments: Graph.allCases)
  private func misexported(_ graph: Graph) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let path = try binary.write(graph.model.serializedData(), "model.onnx")
    let outcome = try binary.runNetwork(path, image: [1, 2, 2])
    Snapshot.expect(outcome.said.replacing(binary.folder.path, with: "FOLDER"), "reported/\(graph.rawValue)")
    #expect(outcome.status == graph.status, "\(outcome.said)")
    for words in graph.words { #expect(outcome.said.contains(words), "\(outcome.said)") }
  }
}
