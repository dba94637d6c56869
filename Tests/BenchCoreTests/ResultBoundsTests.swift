import Testing
import Text

@testable import BenchCore

/// A stranger's result is computed with when it is verified: its counts have bounds.
@Suite struct ResultBoundsTests {
  @Test(arguments: [Int.max, .min, 100_000_000_000, 0, -1]) func countsOutOfBoundsAreProblems(_ count: Int) throws {
    var result = try toyOutcome(id: "a", images: 12).result
    #expect(ResultValidation.problems(in: result) == [])
    result.measurementProtocol.images = count
    result.task.dataset.images = count
    result.task.version = count
    result.measurements.relativeRobustness?.definition1.draws = count
    result.provenance.host.threads = count
    result.measurementProtocol.bootstrapResamples = count
    let problems = ResultValidation.problems(in: result)
    for path in [
      "protocol.images", "task.version", "measurements.relativeRobustness.definition1.draws",
      "provenance.host.threads", "protocol.bootstrapResamples",
    ] { #expect(problems.contains { $0.hasPrefix("\(path) is \(count), expected 1 to ") }, "\(path): \(problems)") }
  }

  @Test func dimensionsOutOfBoundsAreProblems() throws {
    var result = try toyOutcome(id: "a", images: 12).result
    result.model.parameters = .max
    result.task.manifold?.dimension = .max
    result.task.quality?.manifoldDimension = .max
    result.task.quality?.images = .max
    let problems = ResultValidation.problems(in: result)
    for path in [
      "model.parameters", "task.manifold.dimension", "task.quality.manifoldDimension", "task.quality.images",
    ] {
      #expect(problems.contains { $0.hasPrefix("\(path) is \(Int.max), expected 0 to ") }, "\(path): \(problems)")
    }
  }

  /// What a model aligned as perfectly as float32 can tell is measured as, is a result, and not one that nobody can write.
  @Test func cosinesOfRoundedVectorsMayExceedOne() throws {
    var result = try toyOutcome(id: "a", images: 12).result
    result.measurements.imageAlignment?.beyondImage.high = 1.00000006
    result.measurements.imageAlignment?.controls.template.high = 1.00000006
    #expect(ResultValidation.problems(in: result) == [])
    result.measurements.imageAlignment?.beyondImage.high = 1.00001
    result.measurements.imageAlignment?.controls.template.high = 1.00001
    let problems = ResultValidation.problems(in: result)
    for path in ["beyondImage", "controls.template"] {
      #expect(problems.contains { $0.hasPrefix("measurements.imageAlignment.\(path).high is 1.00001") }, "\(problems)")
    }
  }

  @Test func printableTextHasNoControlCharacters() {
    #expect(PlainText.printable("a\u{1B}[2Jb\r\u{202E}c\td\n") == "aU+001B[2JbU+000DU+202Ec\td\n")
    #expect(PlainText.printable("`features.0.weight` \u{D7} \u{E9}") == "`features.0.weight` \u{D7} \u{E9}")
    // Marks that stack up over the lines above.
    let stack = String(repeating: "\u{301}", count: 9)
    let cut = "a\u{301}\u{301}\u{301}\u{301}(+5 marks)b\u{301}"
    #expect(Array(PlainText.printable("a\(stack)b\u{301}").unicodeScalars) == Array(cut.unicodeScalars))
    #expect(Array(PlainText.shown("a\(stack)b\u{301}").unicodeScalars) == Array(cut.unicodeScalars))
    #expect(PlainText.problem(in: "a\(stack)")?.contains("more than 4 marks on one letter") == true)
    #expect(PlainText.problem(in: "\u{5E9}\u{5C1}\u{5BC}\u{5B8}\u{591}\u{5DC}") == nil)
  }
}
