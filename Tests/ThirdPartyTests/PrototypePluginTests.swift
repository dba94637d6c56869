import BenchCore
import Checkpoints
import Conformance
import Foundation
import Tensor
import Testing

/// The worked example of docs/add-a-model.md: compiled, and held to what every plugin must fulfil.
@Suite struct PrototypePluginTests {
  private static let text = """
    prototypes 3 1 2 2
    0 0.25 0.5 1
    1 0.5 0.25 0
    0.5 0.5 0.5 0.5

    """
  private static let file = CheckpointFile(name: "means.txt", data: Data(text.utf8))

  @Test func pageAndFileAgree() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let page = try String(
      contentsOf: here.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/add-a-model.md"), encoding: .utf8)
    let file = try String(contentsOf: here.appendingPathComponent("PrototypePlugin.swift"), encoding: .utf8)
    #expect(page.contains("```swift\n\(file)```"), "docs/add-a-model.md does not hold PrototypePlugin.swift as it is")
  }

  @Test func pluginConformance() throws {
    let problems = ModelPluginConformance.problems(
      PrototypePlugin.self, samples: [.init(Self.file, options: LoadOptions())])
    #expect(problems.isEmpty, "\(problems)")
  }

  @Test func classifierConformance() throws {
    let model = try PrototypePlugin().load(Self.file, nil, LoadOptions())
    let random = RandomStream(seed: 2, name: "prototypes")
    let images = Tensor(
      shape: [6, 1, 2, 2], scalars: (0..<6).flatMap { random.uniforms(item: $0, count: 4).map(Float.init) })
    let problems = ClassifierConformance.problems(model.classifier, subject: "prototypes", images: images, seed: 1)
    #expect(problems.isEmpty, "\(problems)")
    let means = Tensor(shape: [2, 1, 2, 2], scalars: [0, 0.25, 0.5, 1, 1, 0.5, 0.25, 0])
    #expect(try model.classifier.logits(means).argmaxOfRows() == [0, 1])
  }

  @Test(arguments: [
    ("prototypes 2 1 2\n", "first line"), ("prototypes 2 1 2 2\n0 0 0\n1 1 1 1\n", "line 2 has 3"),
    ("prototypes 2 1 2 2\n0 0 0 nan\n1 1 1 1\n", "line 2 has 3"), ("prototypes 1 1 2 2\n0 0 0 0\n", "expected 1"),
    ("prototypes 2 1 2 2\n0 0 0 0\n1 1 1 1", "complete"), ("prototypes 2 9999999999 9999999999 2\n", "first line"),
  ])
  func refusals(_ text: String, words: String) {
    #expect {
      try PrototypePlugin().load(CheckpointFile(name: "means.txt", data: Data(text.utf8)), nil, LoadOptions())
    } throws: { "\($0)".contains("means.txt") && "\($0)".contains(words) }
  }
}
