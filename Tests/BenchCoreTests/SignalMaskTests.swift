import Tensor
import Testing

@testable import BenchCore

@Suite struct SignalMaskTests {
  private static func first(_ pixel: Int) -> Bool { pixel < 12 }

  private func outcome(_ change: (inout ToyTask) -> Void) throws -> EvaluationOutcome {
    var task = ToyTask()
    change(&task)
    return try toyOutcome(fragileClassifier(strength: 6), task: task, images: 20)
  }

  @Test func partsOfASet() {
    let common = SignalMask([true, false], count: 5)
    #expect(common.count == 5 && common[4] == [true, false] && common[images: 1..<3].count == 2)
    let own = SignalMask(ofImages: [[true, false], [false, true], [true, true]])
    #expect(own.count == 3 && own[images: 1..<3][0] == [false, true])
    #expect(own.problem(imageCount: 3, pixels: 2) == nil)
    #expect(own.problem(imageCount: 2, pixels: 2) != nil && own.problem(imageCount: 3, pixels: 3) != nil)
    #expect(common.problem(imageCount: 5, pixels: 3) != nil)
  }

  @Test("the same mask given for each image gives the same numbers")
  func alike() throws {
    let own = try outcome { $0.signalPixels = { _ in (0..<24).map(Self.first) } }
    let common = try outcome { _ in }
    #expect(own.samples == common.samples && own.result.measurements == common.result.measurements)
  }

  @Test("noise goes where the image's own mask says")
  func individual() throws {
    // Of every other image, signal and distractor change places.
    let own = try outcome { task in
      task.signalPixels = { image in (0..<24).map { Self.first($0) == (image % 2 == 0) } }
    }
    let common = try outcome { _ in }
    for noise in DistractorMeasurement.noises {
      let (signal, distractor) = (SampleColumn.signal(noise: noise), SampleColumn.distractor(noise: noise))
      for (here, there) in [(signal, distractor), (distractor, signal)] {
        let (found, same, other) = (own.samples[here] ?? [], common.samples[here] ?? [], common.samples[there] ?? [])
        #expect(found.count == 20)
        for image in found.indices { #expect(found[image] == (image % 2 == 0 ? same : other)[image]) }
      }
    }
  }

  @Test("without a mask the distractor is not measured, and the rest is the same")
  func none() throws {
    let (without, with) = (try outcome { $0.hasSignalMask = false }.result, try outcome { _ in }.result)
    #expect(without.measurements.distractor == nil && without.regime == with.regime)
    #expect(ResultValidation.problems(in: without) == [])
  }

  @Test("masks of other images or another size are refused")
  func wrong() throws {
    #expect(throws: EvaluationError.self) {
      try outcome { $0.signalPixels = { [Bool](repeating: true, count: $0 == 7 ? 23 : 24) } }
    }
  }
}
