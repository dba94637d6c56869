import BenchCore
import Foundation
import Tensor
import Testing

@testable import Synthesis

/// Augmented copies, and gradients through them.
@Suite struct AugmentedCopiesTests {
  private func image(_ count: Int, _ name: String) -> [Double] {
    RandomStream(seed: 4, name: name).normals(item: 0, count: count)
  }

  private func inner(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  @Test func turnsAndShiftsAreWhatTheyAreCalled() {
    let picture = image(2 * 5 * 5, "turned")
    func warp(_ degrees: Double, _ shift: (x: Double, y: Double)) -> [Double] {
      Warp(height: 5, width: 5, outside: .edge, .undoingTurn(by: degrees, around: (2, 2), shift: shift))(picture)
    }
    #expect(warp(0, (0, 0)) == picture)
    for index in picture.indices {
      let (plane, row, column) = (index / 25 * 25, index / 5 % 5, index % 5)
      // To the right by two and up by one; the edge's pixels are repeated.
      #expect(abs(warp(0, (2, -1))[index] - picture[plane + min(row + 1, 4) * 5 + max(column - 2, 0)]) < 1e-12)
      #expect(abs(warp(90, (0, 0))[index] - picture[plane + (4 - column) * 5 + row]) < 1e-12)
      // Half way between two pixels.
      let left = picture[plane + row * 5 + max(column - 1, 0)]
      #expect(abs(warp(0, (0.5, 0))[index] - (column == 0 ? left : 0.5 * (left + picture[index]))) < 1e-12)
    }
  }

  /// Corners go to corners, straight lines stay straight, and what is not of the image is the number given.
  @Test func perspectiveTakesCornersToCorners() {
    let corners = [(x: 1.0, y: 0.5), (x: 8, y: 2), (x: 7, y: 9), (x: 0.5, y: 8)]
    let map = Projective.rectangle((x: 9, y: 10), from: corners)
    for (corner, expected) in zip(corners, [(0.0, 0.0), (9, 0), (9, 10), (0, 10)]) {
      let (x, y) = map(corner.x, corner.y)
      #expect(abs(x - expected.0) < 1e-12 && abs(y - expected.1) < 1e-12)
    }
    let (x, y) = map(0.5 * (corners[0].x + corners[1].x), 0.5 * (corners[0].y + corners[1].y))
    #expect(abs(y) < 1e-12 && x > 0 && x < 9)
    // Half as large: every second pixel, and around them the number.
    let half = Warp(
      height: 9, width: 9, outside: .value(0.25),
      .rectangle((x: 8, y: 8), from: [(x: 2, y: 2), (x: 6, y: 2), (x: 6, y: 6), (x: 2, y: 6)]))
    let picture = image(81, "halved")
    let small = half(picture)
    for row in 0..<9 {
      for column in 0..<9 {
        let isInside = (2...6).contains(row) && (2...6).contains(column)
        let expected = isInside ? picture[(row - 2) * 2 * 9 + (column - 2) * 2] : 0.25
        #expect(abs(small[row * 9 + column] - expected) < 1e-12, "\(row) \(column)")
      }
    }
  }

  @Test func transposesAreThoseOfTheMaps() {
    let copies = AugmentedCopies(9, of: [2, 12, 10], range: nil, seed: 2)
    var different = Set<Double>()
    for copy in 0..<9 {
      let warps = copies.warps(place: 3, step: 5, classifier: 0, copy: copy)
      let (picture, gradient) = (image(240, "picture \(copy)"), image(240, "gradient \(copy)"))
      let moved = warps.reduce(picture) { $1($0) }
      let back = warps.reversed().reduce(gradient) { $1.transposed($0) }
      #expect(abs(inner(moved, gradient) - inner(picture, back)) < 1e-9)
      different.insert(moved[30])
      if copy == 0 { #expect(warps.isEmpty) }
    }
    #expect(different.count > 5)
  }

  /// As often as published, and draws of one copy are those of no other; how many there are does not matter.
  @Test func drawsBelongToTheirCopy() {
    let copies = AugmentedCopies(Counterfactual.augmentationBounds.upperBound, of: [1, 8, 8], range: 0...1, seed: 2)
    let few = AugmentedCopies(2, of: [1, 8, 8], range: 0...1, seed: 2)
    #expect(copies.grey == 0.5)
    let picture = image(64, "picture")
    func moved(_ copies: AugmentedCopies, _ place: Int, _ step: Int, _ classifier: Int, _ copy: Int) -> [Double] {
      copies.warps(place: place, step: step, classifier: classifier, copy: copy).reduce(picture) { $1($0) }
    }
    var counts = [0, 0, 0]
    for copy in 1..<256 {
      for step in 0..<8 {
        counts[copies.warps(place: 0, step: step, classifier: 0, copy: copy).count] += 1
      }
    }
    for (count, share) in zip(counts, [0.09, 0.42, 0.49]) { #expect(abs(Double(count) / 2040 - share) < 0.05) }
    let all = [
      moved(copies, 0, 0, 0, 1), moved(copies, 1, 0, 0, 1), moved(copies, 0, 1, 0, 1), moved(copies, 0, 0, 1, 1),
      moved(copies, 0, 0, 0, 2), moved(copies, 0, 0, 0, 255),
    ]
    #expect(Set(all).count >= 5)
    #expect(moved(few, 0, 0, 0, 1) == all[0])
    // Too few pixels for corners that move.
    for copy in 1..<20 {
      #expect(
        AugmentedCopies(20, of: [1, 3, 9], range: nil, seed: 2).warps(place: 0, step: 0, classifier: 0, copy: copy)
          .count < 2)
    }
  }

  private let shape: Shape = [1, 6, 6]

  private func gradients(_ copies: Int, targets: [Int] = [1, 0]) -> ClassGradients {
    ClassGradients(
      copies: AugmentedCopies(copies, of: shape, range: 0...1, seed: 6), targets: targets, places: [7, 2])
  }

  private func classifier(_ scale: Double) -> FunctionClassifier {
    .quadratic(shape, (0..<3).map { (scale * (1 + 0.3 * Double($0)), image(36, "mean \($0)")) })
  }

  /// Against differences of the mean of log p over the very copies.
  @Test func theirGradientIsThatOfTheMeanLogProbability() throws {
    let classifier = classifier(0.2)
    let gradients = gradients(16)
    let images = (0..<2).map { image(36, "image \($0)") }
    let directions = try gradients.directions(of: classifier, index: 1, at: images, noise: 1, step: 4)
    for (row, target) in [1, 0].enumerated() {
      let warps = (0..<16).map {
        gradients.copies.warps(place: gradients.places[row], step: 4, classifier: 1, copy: $0)
      }
      func mean(_ image: [Double]) -> Double {
        warps.reduce(0) { sum, warps in
          let moved = warps.reduce(image) { $1($0) }
          let logits = classifier.functions.map { $0(moved).value }
          return sum + (logits[target] - logSumExp(logits)) / 16
        }
      }
      let expected = images[row].indices.map { pixel -> Double in
        var (above, below) = (images[row], images[row])
        above[pixel] += 1e-4
        below[pixel] -= 1e-4
        return (mean(above) - mean(below)) / 2e-4
      }
      let cosine = inner(directions[row], expected) / directions[row].length / expected.length
      #expect(cosine > 0.99999, "\(cosine)")
    }
  }

  /// Where the classifier is so sure that 1 - p is no number there is a direction still.
  @Test func sureClassifiersHaveOne() throws {
    let images = [image(36, "mean 1"), image(36, "mean 0")]
    for copies in [1, 16] {
      for scale in [1e3, 1e6] {
        let directions = try gradients(copies).directions(
          of: classifier(scale), index: 0, at: images, noise: 1, step: 0)
        for direction in directions { #expect(direction.length > 0 && direction.length.isFinite) }
      }
    }
  }

  @Test func oneCopyIsTheGradientItself() throws {
    let classifier = classifier(0.2)
    let images = (0..<2).map { image(36, "image \($0)") }
    let tensor = Tensor(shape: shape.prepending(2), scalars: images.flatMap { $0.map { Float($0) } })
    let target = GradientTarget.logOddsPredicted
    let gradient = try #require(
      classifier.checkedGradients(of: [target], at: tensor, predicted: [1, 0], labels: [1, 0]).gradients[target])
    let directions = try gradients(1).directions(of: classifier, index: 0, at: images, noise: 1, step: 0)
    for row in 0..<2 { #expect(directions[row] == gradient.item(row).map(Double.init)) }
  }
}
