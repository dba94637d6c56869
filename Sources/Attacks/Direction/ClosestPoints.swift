import BenchCore
import Foundation
import Tensor

/// Estimates of the way to a class that share their work.
package protocol ClosestPointEstimates: Sendable {
  /// Name of each, in order.
  var ids: [String] { get }
  /// As `ClosestPoints.directions`, by each.
  func directions(from images: Tensor, towards classes: [Int]) throws -> [Tensor]
}

/// One that shares none.
package struct SingleEstimate: ClosestPointEstimates {
  private let points: any ClosestPoints

  package init(_ points: any ClosestPoints) { self.points = points }

  package var ids: [String] { [points.id] }

  package func directions(from images: Tensor, towards classes: [Int]) throws -> [Tensor] {
    [try points.directions(from: images, towards: classes)]
  }
}

/// Towards the nearest training image of the class, in L2, and towards the mean of several, all found in one scan of one copy.
package struct NearestImages: ClosestPointEstimates {
  /// How many images the mean of `nearest-mean` is of.
  package static let neighboursOfMean = 10

  package let ids: [String]
  /// Of each estimate.
  private let neighbours: [Int]
  /// `[N, C, H, W]`.
  private let images: Tensor
  private let members: [[Int]]

  package var imageCount: Int { images.batch }

  /// - Parameters:
  ///   - count: of the images, the first ones.
  ///   - neighbours: of each estimate, how many images its mean is of; fewer where a class has fewer.
  /// - Throws: `AttackError.noImages` for a class without any, and what reading the images throws.
  package init(_ images: any LabelledImages, count: Int, neighbours: [Int]) throws {
    precondition(!neighbours.isEmpty && neighbours.allSatisfy { $0 > 0 }, "each estimate is of at least one image")
    let count = min(count, images.count)
    self.images = try images.images(0..<count)
    self.neighbours = neighbours
    ids = neighbours.map { $0 == 1 ? "nearest" : "nearest-mean" }
    let labels = images.labels
    members = (0..<images.classCount).map { label in (0..<count).filter { labels[$0] == label } }
    if let empty = members.firstIndex(where: \.isEmpty) { throw AttackError.noImages(label: empty, of: count) }
  }

  package func directions(from images: Tensor, towards classes: [Int]) -> [Tensor] {
    let nearest = (0..<images.batch).map { self.nearest(to: images.item($0), of: classes[$0]) }
    let size = images.stride
    return neighbours.map { count in
      Tensor(shape: images.shape) { output in
        for image in 0..<images.batch {
          let chosen = nearest[image].prefix(count)
          for place in 0..<size {
            var sum = 0.0
            for member in chosen { sum += Double(self.images.scalars[member * size + place]) }
            output[image * size + place] = Float(
              sum / Double(chosen.count) - Double(images.scalars[image * size + place]))
          }
        }
      }
    }
  }

  /// As many as any estimate needs, by rising distance; of equally near ones the first.
  private func nearest(to query: ArraySlice<Float>, of label: Int) -> [Int] {
    let wanted = neighbours.max() ?? 1
    var best: [(square: Double, image: Int)] = []
    images.scalars.withUnsafeBufferPointer { pixels in
      query.withUnsafeBufferPointer { query in
        for member in members[label] {
          let bound = best.count < wanted ? .infinity : best[best.count - 1].square
          let image = UnsafeBufferPointer(rebasing: pixels[member * query.count..<(member + 1) * query.count])
          let square = Self.square(query, image, below: bound)
          guard square < bound else { continue }
          let place = best.firstIndex { square < $0.square } ?? best.count
          best.insert((square, member), at: place)
          if best.count > wanted { best.removeLast() }
        }
      }
    }
    return best.map(\.image)
  }

  /// The squared distance, or any number from `bound` on where it is not below it. The order of its terms depends on their number alone.
  private static func square(
    _ first: UnsafeBufferPointer<Float>, _ second: UnsafeBufferPointer<Float>, below bound: Double
  ) -> Double {
    typealias Lanes = SIMD16<Float>
    func lanes(_ values: UnsafeBufferPointer<Float>, _ place: Int) -> Lanes {
      UnsafeRawBufferPointer(values).loadUnaligned(fromByteOffset: place * MemoryLayout<Float>.stride, as: Lanes.self)
    }
    let (count, part) = (first.count, 16 * Lanes.scalarCount)
    var sum = 0.0
    var place = 0
    while place < count {
      let end = min(count, place + part)
      var squares = Lanes.zero
      while place + Lanes.scalarCount <= end {
        let difference = lanes(first, place) - lanes(second, place)
        squares += difference * difference
        place += Lanes.scalarCount
      }
      sum += Double(squares.sum())
      while place < end {
        let difference = first[place] - second[place]
        sum += Double(difference * difference)
        place += 1
      }
      if sum >= bound { return sum }
    }
    return sum
  }
}

/// Along the score of the class under the task's own density, at one level of noise: from the image to the mean of the class's images that it
/// may be a noisy one of (Tweedie's formula), for exact densities and fitted ones.
package struct DensityStep: ClosestPoints {
  package let id = "density"
  package let noise: Double
  private let density: any ClassConditionalDensity

  package init(_ density: any ClassConditionalDensity, noise: Double) { (self.density, self.noise) = (density, noise) }

  package func directions(from images: Tensor, towards classes: [Int]) throws -> Tensor {
    let (size, count) = (images.stride, density.logPriors.count)
    let scores = try density.classScores(at: images, noise: noise).scores
    return Tensor(
      shape: images.shape,
      scalars: classes.enumerated().flatMap { image, label in
        scores.scalars[((image * count + label) * size)..<((image * count + label + 1) * size)]
      })
  }
}
