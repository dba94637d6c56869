import BenchCore
import Tensor

/// Images of a task by their class: what seeds are drawn like, and what made images are compared with.
package struct ReferenceImages: Sendable {
  private let images: Tensor
  private let members: [[Int]]

  /// - Throws: `SynthesisError.noImages` for a class without any.
  package init(_ set: ImageSet, task: any BenchmarkTask) throws(SynthesisError) {
    images = set.images
    members = (0..<task.classCount).map { label in set.labels.indices.filter { set.labels[$0] == label } }
    if let empty = members.firstIndex(where: \.isEmpty) {
      throw .noImages(task: task.id, label: task.classNames[empty], of: set.labels.count)
    }
  }

  package func images(ofClass label: Int) -> Tensor { images.items(members[label]) }

  /// Those of all classes but one.
  package func images(notOfClass label: Int) -> Tensor {
    images.items(members.indices.filter { $0 != label }.flatMap { members[$0] }.sorted())
  }

  /// The mean L2 norm of all of them, in pixel units.
  package var meanLength: Double {
    (0..<images.batch).reduce(0) { $0 + squaredNorm(images.item($1)).squareRoot() } / Double(images.batch)
  }

  /// The closest image of a class in L2, and its distance.
  /// - Parameter queries: `[N, C, H, W]`, one class each.
  /// - Parameter threads: the result does not depend on it.
  package func closest(
    to queries: Tensor, ofClasses classes: [Int], threads: Int
  ) throws -> [(distance: Double, image: [Float])] {
    try Workers.map(queries.batch, threads: threads) { query in
      let pixels = queries.stride
      var best = (square: Double.infinity, image: 0)
      images.scalars.withUnsafeBufferPointer { images in
        queries.scalars.withUnsafeBufferPointer { queries in
          for member in members[classes[query]] {
            var sum = 0.0
            for pixel in 0..<pixels {
              let difference = Double(queries[query * pixels + pixel]) - Double(images[member * pixels + pixel])
              sum += difference * difference
            }
            if sum < best.square { best = (sum, member) }
          }
        }
      }
      return (best.square.squareRoot(), Array(images.item(best.image)))
    }
  }
}
