import BenchCore
import Digests
import Foundation
import Tensor
import Testing
import Text
import _Fixtures
import _TestSupport

@testable import Plugins

/// Digits beside a pattern that says nothing of them.
@Suite struct MNISTDistractorTests {
  private static let block = DistractorPattern.side * DistractorPattern.side

  private func options(_ folder: TemporaryDirectory) -> TaskOptions {
    TaskOptions(dataDirectory: folder.url, cacheDirectory: nil, threads: 1, progress: SilentProgress())
  }

  /// Of the bytes that Pillow 13.0 draws.
  @Test func theLetterIsThePapersToTheByte() {
    let digest = SHA256.hash(data: DistractorPattern.letterA.pixels).hexadecimal
    #expect(digest == "5737cb2f884fa3d39a732326fafbb3fd3e0e4033da5c559f918812ef5b966cd6")
  }

  @Test(arguments: DistractorPattern.allCases)
  func patternsAreAsBrightAsADigit(pattern: DistractorPattern) {
    #expect(pattern.pixels.count == Self.block)
    let norm = pattern.pixels.reduce(0) { $0 + pow(Double($1) / 255, 2) }.squareRoot()
    #expect(abs(norm - 9.3) < 0.1)
  }

  @Test func theMaskSaysWhereTheDigitIs() throws {
    let folder = try ConformanceFixtures.mnist()
    let digits = try MNIST.files.load(folder.url).test
    let task = try MNISTDistractor.letterA.make(options(folder))
    let set = try task.evaluationImages(count: 20, seed: 5)
    let mask = try #require(set.signalMask)
    let letter = DistractorPattern.letterA.pixels.map { Float($0) / 255 }
    for image in 0..<20 {
      let pixels = Array(set.images.item(image))
      let parts = [true, false].map { kept in zip(pixels, mask[image]).filter { $1 == kept }.map(\.0) }
      #expect(parts[0] == Array(try digits.prefix(20).images.item(image)))
      #expect(parts[1] == letter)
      #expect(set.labels[image] == Int(digits.labels[image]))
    }
    // Both places occur, and the first images of a longer set are those of a shorter one, whatever the seed.
    #expect(Set((0..<20).map { mask[$0][0] }) == [true, false])
    let part = try task.evaluationImages(count: 7, seed: 6)
    #expect(part.images == set.images[batch: 0..<7] && part.signalMask == mask[images: 0..<7])
  }

  @Test func onePlaceForAllPatternsAndSplitsOfTheirOwn() throws {
    let folder = try ConformanceFixtures.mnist()
    let (letter, block, top) = (
      try MNISTDistractor.letterA.make(options(folder)).evaluationImages(count: 20, seed: 0),
      try MNISTDistractor.nullBlock.make(options(folder)).evaluationImages(count: 20, seed: 0),
      try MNISTDistractor.nullBlockBelow.make(options(folder)).evaluationImages(count: 20, seed: 0)
    )
    #expect(letter.signalMask == block.signalMask && letter.images != block.images)
    #expect((0..<20).allSatisfy { top.signalMask?[$0] == (0..<2 * Self.block).map { $0 < Self.block } })
    // Training images have positions of their own.
    let files = try #require(
      try MNISTDistractor.letterA.images(.training, options(folder), count: 20, seed: 0))
    let isOnTop = try (0..<20).map { image -> Bool in
      var pixels = [Float](repeating: 0, count: 2 * Self.block)
      try pixels.withUnsafeMutableBufferPointer { try files.copyImage(image, to: $0) }
      return Array(pixels[Self.block...]) == DistractorPattern.letterA.pixels.map { Float($0) / 255 }
    }
    #expect(isOnTop != (0..<20).map { letter.signalMask?[$0][0] })
  }

  @Test func theTasksConform() throws {
    let folder = try ConformanceFixtures.mnist()
    for plugin in [MNISTDistractor.letterA, MNISTDistractor.nullBlock, MNISTDistractor.nullBlockBelow] {
      expectNone(TaskPluginConformance.problems(plugin, options: options(folder)))
      let task = try plugin.make(options(folder))
      #expect(task.missing == [.manifold, .score, .density, .criteria] && task.pixelRange == 0...1)
      expectNone(TaskConformance.problems(task, count: 5))
    }
  }
}
