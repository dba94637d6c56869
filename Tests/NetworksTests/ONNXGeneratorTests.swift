import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Projections onto what a user's generator makes: linear ones, whose closest image is known.
@Suite struct ONNXGeneratorTests {
  /// G(z, c) = z A + the image of the class, [n, 1, 1, 3]: images of a class are a plane.
  private static func model(takesNumbers: Bool = false, batch: Int64 = -1) throws -> CheckpointFile {
    let classRow =
      takesNumbers
      ? [ONNXGraphs.node("Gather", ["classes", "c"], ["row"], ["axis": .int(0)])]
      : [ONNXGraphs.node("MatMul", ["c", "classes"], ["row"])]
    var model = ONNXGraphs.model(
      [ONNXGraphs.node("MatMul", ["z", "a"], ["plane"])] + classRow + [
        ONNXGraphs.node("Add", ["plane", "row"], ["flat"]), ONNXGraphs.node("Reshape", ["flat", "size"], ["y"]),
      ],
      [
        ONNXGraphs.floats("a", [1, 0, 0, 0, 0.5, 0], [2, 3]),
        ONNXGraphs.floats("classes", [0, 0, 1, 0, 0, -2], [2, 3]),
        ONNXGraphs.integers("size", [batch, 1, 1, 3]),
      ])
    model.graph.input = [
      ONNXGraphs.value("z", [batch, 2]),
      takesNumbers ? ONNXGraphs.value("c", [batch], type: 7) : ONNXGraphs.value("c", [batch, 2]),
    ]
    model.graph.output = [ONNXGraphs.value("y", [batch, 1, 1, 3])]
    return CheckpointFile(name: "g.onnx", data: try model.serializedData())
  }

  @Test(arguments: [(false, -1), (true, -1), (false, 3), (true, 2)])
  func projectsOntoThePlaneOfTheClass(takesNumbers: Bool, batch: Int) throws {
    let generator = try ONNXGenerator(
      Self.model(takesNumbers: takesNumbers, batch: Int64(batch)), preprocessing: nil, imageShape: [1, 1, 3],
      classCount: 2, projection: .init(), threads: 2)
    #expect(generator.latentDimension == 2)
    let images = Tensor(shape: [4, 1, 1, 3], scalars: [0.3, -0.2, 0.4, 1, 1, 1, 0, 0, 0, -0.5, 0.25, 2])
    let ways = try generator.ways(from: images, towards: [0, 1, 1, 0])
    for (image, third) in [0.6, -3, -2, -1].enumerated() {
      let way = ways.item(image).map(Double.init)
      // Within the plane nearly nothing is left: the penalty on z draws a little towards 0.
      #expect(abs(way[0]) < 0.06 && abs(way[1]) < 0.2 && abs(way[2] - third) < 1e-5, "\(way)")
    }
    // Without a penalty nothing at all; each image by itself, whatever the others.
    var projection = ONNXGenerator.Projection()
    projection.penalty = 0
    let exact = try ONNXGenerator(
      Self.model(takesNumbers: takesNumbers, batch: Int64(batch)), preprocessing: nil, imageShape: [1, 1, 3],
      classCount: 2, projection: projection, threads: 1)
    let all = try exact.ways(from: images, towards: [0, 1, 1, 0])
    for image in 0..<4 { #expect(all.item(image).prefix(2).allSatisfy { abs($0) < 2e-3 }, "\(all.item(image))") }
    #expect(try exact.ways(from: images[batch: 3..<4], towards: [0]).scalars == Array(all.item(3)))
  }

  @Test func outputsAreBroughtToPixels() throws {
    let generator = try ONNXGenerator(
      Self.model(), preprocessing: Preprocessing(mean: [0.5], std: [0.5]), imageShape: [1, 1, 3], classCount: 2,
      threads: 1)
    let ways = try generator.ways(from: Tensor(shape: [1, 1, 1, 3], scalars: [0.5, 0.5, 0.5]), towards: [0])
    #expect(abs(ways.scalars[2] - 0.5) < 1e-5)
  }

  @Test func unusableGraphs() throws {
    func refusal(_ file: CheckpointFile, _ shape: Shape = [1, 1, 3], classes: Int = 2) -> String {
      do {
        _ = try ONNXGenerator(file, preprocessing: nil, imageShape: shape, classCount: classes, threads: 1)
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusal(try Self.model(), [1, 3, 1]).contains("the generator makes"))
    #expect(refusal(try Self.model(), classes: 3).contains("a generator takes a vector [N, d] and a class"))
    let classifier = ONNXGraphs.model([ONNXGraphs.node("Flatten", ["x"], ["y"])])
    #expect(
      refusal(CheckpointFile(name: "c.onnx", data: try classifier.serializedData())).contains("the graph has 1 inputs"))
    #expect(!refusal(CheckpointFile(name: "d.onnx", data: Data([1, 2, 3]))).isEmpty)
  }
}
