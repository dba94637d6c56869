import BenchCore
import Tensor

/// Squares that are taken out of images, to be inpainted: each at a place of its own, filled with the mean of what is left of the
/// image's channel.
package struct Patches: Sendable {
  /// `[N, C, H, W]`.
  package let images: Tensor
  /// True for the pixels that were taken out.
  package let missing: SignalMask

  /// The side of the published patch for images of this shape.
  package static func side(for shape: Shape) -> Int {
    max(1, Int((SynthesisTask.patchShare * Double(min(shape[1], shape[2]))).rounded()))
  }

  /// - Parameters:
  ///   - within: pixels that a patch's corner may be at, of each image, where the whole of it lies within them; nil for all.
  ///   - places: of the images in their set.
  package init(_ images: Tensor, side: Int, within mask: SignalMask?, places: [Int], seed: UInt64) {
    let shape = images.shape.droppingFirst
    let (height, width) = (shape[1], shape[2])
    precondition(side > 0 && side <= min(height, width), "a patch of the image's size at most")
    let random = RandomStream(seed: seed, name: "inpainting patch")
    var scalars: [Float] = []
    var masks: [[Bool]] = []
    for (image, place) in places.enumerated() {
      let allowed = Self.corners(height, width, side, mask?[image])
      let corner = allowed[random.integers(item: place, count: 1, below: allowed.count)[0]]
      let taken = (0..<shape.count).map { pixel in
        let (y, x) = (pixel / width % height, pixel % width)
        return (corner.y..<corner.y + side).contains(y) && (corner.x..<corner.x + side).contains(x)
      }
      let pixels = images.item(image)
      for channel in 0..<shape[0] {
        let plane = channel * height * width..<(channel + 1) * height * width
        let kept = plane.filter { !taken[$0] }
        let sum = kept.reduce(0) { $0 + Double(pixels[pixels.startIndex + $1]) }
        let mean = Float(sum / Double(max(1, kept.count)))
        scalars += plane.map { taken[$0] ? mean : pixels[pixels.startIndex + $0] }
      }
      masks.append(taken)
    }
    self.images = Tensor(shape: images.shape, scalars: scalars)
    missing = SignalMask(ofImages: masks)
  }

  /// Where a patch may begin: everywhere, if nowhere all of it lies on pixels of the mask.
  private static func corners(_ height: Int, _ width: Int, _ side: Int, _ mask: [Bool]?) -> [(y: Int, x: Int)] {
    let all = (0...height - side).flatMap { y in (0...width - side).map { (y: y, x: $0) } }
    guard let mask else { return all }
    let inside = all.filter { corner in
      (0..<side).allSatisfy { row in
        (0..<side).allSatisfy { mask[(corner.y + row) * width + corner.x + $0] }
      }
    }
    return inside.isEmpty ? all : inside
  }
}
