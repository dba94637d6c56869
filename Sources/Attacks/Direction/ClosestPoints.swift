import BenchCore
import Foundation
import Tensor

/// The way from an image to where a class begins, estimated: delta-x of Bigolin Lanfredi et al. (2023), who train generative networks for it.
package protocol ClosestPoints: Sendable {
  /// Name in tables.
  var id: String { get }
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - classes: where each is to go.
  /// - Returns: `[N, C, H, W]`: directions whose length means nothing.
  func directions(from images: Tensor, towards classes: [Int]) throws -> Tensor
}

/// Towards the mean of the nearest training images of the class, in L2.
package struct NearestImages: ClosestPoints {
  package let id: String
  private let neighbours: Int
  /// `[N, C, H, W]`.
  private let images: Tensor
  private let members: [[Int]]

  /// - Parameters:
  ///   - count: of the images, the first ones.
  ///   - neighbours: how many the mean is of; fewer where a class has fewer.
  /// - Throws: `AttackError.noImages` for a class without any.
  package init(_ images: any LabelledImages, count: Int, neighbours: Int) throws(AttackError) {
    let count = min(count, images.count)
    self.images = images.images(0..<count)
    self.neighbours = neighbours
    id = neighbours == 1 ? "nearest" : "nearest-mean"
    let labels = images.labels
    members = (0..<images.classCount).map { label in (0..<count).filter { labels[$0] == label } }
    if let empty = members.firstIndex(where: \.isEmpty) { throw .noImages(label: empty, of: count) }
  }

  package func directions(from images: Tensor, towards classes: [Int]) -> Tensor {
    let size = images.stride
    return Tensor(shape: images.shape) { output in
      for image in 0..<images.batch {
        let nearest = self.nearest(to: images.item(image), of: classes[image])
        for place in 0..<size {
          var sum = 0.0
          for member in nearest { sum += Double(self.images.scalars[member * size + place]) }
          output[image * size + place] = Float(
            sum / Double(nearest.count) - Double(images.scalars[image * size + place]))
        }
      }
    }
  }

  /// Of equally near ones the first.
  private func nearest(to query: ArraySlice<Float>, of label: Int) -> [Int] {
    var best: [(square: Double, image: Int)] = []
    images.scalars.withUnsafeBufferPointer { pixels in
      query.withUnsafeBufferPointer { query in
        for member in members[label] {
          var sum: Float = 0
          for place in 0..<query.count {
            let difference = query[place] - pixels[member * query.count + place]
            sum += difference * difference
          }
          let square = Double(sum)
          guard best.count < neighbours || square < best[best.count - 1].square else { continue }
          let place = best.firstIndex { square < $0.square } ?? best.count
          best.insert((square, member), at: place)
          if best.count > neighbours { best.removeLast() }
        }
      }
    }
    return best.map(\.image)
  }
}

/// Along the score of the class under the task's own density, at one level of noise: from the image to the mean of the class's images that it
/// may be a noisy one of (Tweedie's formula), for exact densities and fitted ones.
package struct DensityStep: ClosestPoints {
  package let id = "density"
  let density: any ClassConditionalDensity
  let noise: Double

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
