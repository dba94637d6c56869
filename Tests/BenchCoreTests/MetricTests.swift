import Foundation
import JSON
import Tensor
import Testing

@testable import BenchCore

/// Metrics beside the one that decides.
@Suite struct MetricTests {
  /// As one with weights says of itself.
  struct Weighted: AlignmentMetric {
    var id = "weighted"
    var properties = MetricProperties()
    var learned: LearnedReference? = LearnedReference(
      id: "trunk", name: "Trunk",
      checkpoint: .init(file: "trunk.pth", sha256: String(repeating: "b", count: 64), bytes: 9, format: "pytorch-zip"),
      further: [.init(file: "heads.pth", sha256: String(repeating: "c", count: 64), bytes: 5, format: "pytorch-zip")],
      parameters: 3)

    func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
      cosineSimilarities(gradients, references).map { $0 / 2 }
    }
  }

  private func outcome(_ metrics: [any AlignmentMetric]) throws -> EvaluationOutcome {
    var configuration = toyConfiguration(images: 24)
    configuration.metrics = metrics
    return try Evaluation(task: ToyTask(), configuration: configuration).run(
      EvaluationSubject(classifier: fragileClassifier(strength: 2), record: toyRecord(), task: "toy"))
  }

  @Test("a metric with weights is recorded with its digests, and changes no other number")
  func recorded() throws {
    let (own, with) = (try outcome([CosineMetric()]).result, try outcome([CosineMetric(), Weighted()]).result)
    #expect(own.measurementProtocol.metrics == nil)
    #expect(!String(decoding: try ResultFile.encode(own), as: UTF8.self).contains("\"metrics\""))
    #expect(
      with.measurementProtocol.metrics == [MetricRecord(id: "weighted", learned: try #require(Weighted().learned))])
    #expect(ResultValidation.problems(in: with) == [])
    #expect(try ResultFile.decode(ResultFile.encode(with), source: "r.json") == with)
    #expect(with.regime == own.regime && with.measurements.sensitivity == own.measurements.sensitivity)
    let cosines = with.measurements.scoreAlignment.filter { $0.metric == "cosine" }
    #expect(cosines == own.measurements.scoreAlignment)
    let others = with.measurements.scoreAlignment.filter { $0.metric == "weighted" }
    #expect(others.count == cosines.count)
    for (other, cosine) in zip(others, cosines) {
      #expect(abs((other.value ?? 9) - (cosine.value ?? 0) / 2) < 1e-12)
      #expect(abs((other.controls.image.value ?? 9) - (cosine.controls.image.value ?? 0) / 2) < 1e-12)
    }
    // The further controls, and nothing new beside the cosine.
    #expect(cosines.allSatisfy { $0.controls.minusReference == nil && $0.controls.blurredImage == nil })
    #expect(others.allSatisfy { abs(($0.controls.minusReference?.value ?? 9) + 0.5) < 1e-12 })
    #expect(others.allSatisfy { abs($0.controls.blurredImage?.value ?? 9) <= 0.5 })
    #expect(!String(decoding: try ResultFile.encode(own), as: UTF8.self).contains("minusReference"))
    let text = ResultSummary.text(with)
    #expect(text.contains("Alignment of input gradients (weighted)") && text.contains("Trunk"))
    for digit in ["b", "c"] { #expect(text.contains(String(repeating: digit, count: 64))) }
  }

  /// Says the same of everything, zeros among it.
  private struct Indifferent: AlignmentMetric {
    let id = "indifferent"
    let properties = MetricProperties(isDefinedAtZero: true)
    func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
      [Double](repeating: 0.5, count: gradients.batch)
    }
  }

  @Test("a control that reaches the gradient's value is said in words")
  func reachingControls() throws {
    let result = try outcome([CosineMetric(), Indifferent()]).result
    let entry = try #require(result.measurements.scoreAlignment.first { $0.metric == "indifferent" })
    #expect(entry.reachingControls.map(\.control) == AlignmentControl.allCases)
    let cosine = try #require(result.measurements.bayesAlignment?.first { $0.metric == "cosine" })
    #expect(cosine.reachingControls.allSatisfy { ($0.estimate.value ?? -2) >= (cosine.value ?? 2) })
    let text = ResultSummary.text(result)
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("Against the score, indifferent puts white noise (0.500), the image itself (0.500), "))
    #expect(words.contains("minus the reference (0.500) and the blurred image (0.500) on a level with the gradient of"))
    #expect(
      words.contains("it says nothing about the model") && words.contains("Against the Bayes classifier, indifferent"))
    #expect(!words.contains("cosine puts"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("what is zero everywhere has no scale, and is left out whatever the metric says of it")
  func zeros() throws {
    var configuration = toyConfiguration(images: 12)
    configuration.metrics = [CosineMetric(), Indifferent()]
    let constant = QuadraticClassifier(
      inputShape: [1, 4, 6], weights: Matrix(rows: 3, columns: 24), biases: [1, 0, 0])
    let result = try Evaluation(task: ToyTask(), configuration: configuration).run(
      EvaluationSubject(classifier: constant, record: toyRecord(), task: "toy")
    ).result
    for entry in result.measurements.scoreAlignment {
      #expect(entry.value == nil && entry.undefinedImages == 12 && entry.controls.random.value != nil)
    }
  }

  @Test("instances of one type are told apart by their ids, and one id is used once")
  func identifiers() throws {
    var second = Weighted()
    second.id = "weighted-too"
    let metrics = try outcome([CosineMetric(), Weighted(), second]).result.measurementProtocol.metrics
    #expect(metrics?.map(\.id) == ["weighted", "weighted-too"])
    #expect(throws: EvaluationError.self) { try outcome([CosineMetric(), Weighted(), Weighted()]) }
    #expect(throws: EvaluationError.self) { try outcome([Weighted()]) }
  }

  @Test("images that a metric does not take are refused before anything is measured, with what it takes")
  func images() throws {
    var large = Weighted()
    large.properties.smallestSide = 31
    #expect { try outcome([CosineMetric(), large]) } throws: {
      "\($0)".contains("31 x 31") && "\($0)".contains("metric weighted") && "\($0)".contains("[1, 4, 6]")
    }
    var coloured = Weighted()
    coloured.properties.channels = [3]
    #expect { try outcome([CosineMetric(), coloured]) } throws: { "\($0)".contains("3 channels") }
  }

  @Test("a damaged record is found")
  func damaged() throws {
    var result = try outcome([CosineMetric(), Weighted()]).result
    result.measurementProtocol.metrics?[0].learned.further?[0].sha256 = "abc"
    #expect(
      ResultValidation.problems(in: result).contains { $0.hasPrefix("protocol.metrics[0].learned.further[0].sha256") })
    result.measurementProtocol.metrics = []
    #expect(ResultValidation.problems(in: result).contains { $0.hasPrefix("protocol.metrics") })
  }

  // MARK: What they are made from

  private enum Plain: MetricPlugin {
    static let id = "plain"
    static let summary = "none"
    static let files: [ReferenceFileRole] = []
    static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any AlignmentMetric { Weighted() }
  }

  private enum One: ManifoldPlugin {
    static let id = "one"
    static let summary = "one"
    static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any Manifold { ToyManifold() }
  }

  private enum Two: MetricPlugin {
    static let id = "two"
    static let summary = "two"
    static let files = [ReferenceFileRole("BACKBONE"), ReferenceFileRole("HEADS", isOptional: true)]
    static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any AlignmentMetric { Weighted() }
  }

  @Test func usages() {
    #expect(Plain.usage == "plain" && One.usage == "one=FILE" && Two.usage == "two=BACKBONE[,HEADS]")
  }

  @Test("a comma separates files only where several are taken")
  func paths() throws {
    #expect(try Plain.paths(nil, option: "--metric") == [])
    #expect(try One.paths("a,b.pt", option: "--manifold") == ["a,b.pt"])
    #expect(try Two.paths("a.pt", option: "--metric") == ["a.pt"])
    #expect(try Two.paths("a.pt,b.pt", option: "--metric") == ["a.pt", "b.pt"])
    for text in ["a,b,c", "a,", ",b", ""] {
      #expect(throws: EvaluationError.self) { try Two.paths(text, option: "--metric") }
    }
    #expect(throws: EvaluationError.self) { try Two.paths(nil, option: "--metric") }
    #expect { try Plain.paths("a.pt", option: "--metric") } throws: { "\($0)".contains("expected plain, got 1 file") }
    #expect(throws: EvaluationError.self) { try One.paths(nil, option: "--manifold") }
  }
}
