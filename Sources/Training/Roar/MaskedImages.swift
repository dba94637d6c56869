import BenchCore
import Tensor

/// Images of which the most or the least important coordinates are kept; the others have one value.
struct MaskedImages: LabelledImages {
  let images: any LabelledImages
  let order: AttributionOrder
  /// Of the coordinates that are kept.
  let share: Double
  let top: Bool
  let fill: Float

  var name: String { images.name }
  var imageShape: Shape { images.imageShape }
  var classCount: Int { images.classCount }
  var labels: [Int] { images.labels }

  func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) throws {
    let size = imageShape.count
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { image in
      try images.copyImage(index, to: image)
      for place in 0..<size { output[place] = fill }
      for coordinate in order.kept(index, share: share, top: top) {
        output[Int(coordinate)] = image[Int(coordinate)]
      }
    }
  }
}
