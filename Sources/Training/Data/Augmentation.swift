import Tensor

/// What is done to training images at random; the paper's are a crop after padding by 4 and a flip.
package struct AugmentationConfiguration: Sendable, Codable, Equatable {
  /// Zeros on every side before a random window of the image's size is cut out; 0 for none.
  package var crop = 0
  /// Left to right with probability one half.
  package var flip = false

  package init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&crop, .crop)
    try values.read(&flip, .flip)
  }

  func check() throws {
    guard (0...1024).contains(crop) else {
      throw TrainingError.invalidOption(option: "augmentation.crop", value: "\(crop)", expected: "0 to 1024")
    }
  }

  var isNone: Bool { crop == 0 && !flip }
}

/// Augments single images; what happens to an image depends on the seed, the epoch and its index alone.
struct Augmentation {
  let configuration: AugmentationConfiguration
  /// `[C, H, W]`.
  let imageShape: Shape
  private let random: RandomStream

  init(_ configuration: AugmentationConfiguration, imageShape: Shape, seed: UInt64) {
    self.configuration = configuration
    self.imageShape = imageShape
    random = RandomStream(seed: seed, name: "training/augmentation")
  }

  /// - Parameters:
  ///   - item: of the random stream.
  ///   - image: C * H * W numbers.
  ///   - scratch: of the same size.
  func apply(
    item: Int, to image: UnsafeMutableBufferPointer<Float>, scratch: UnsafeMutableBufferPointer<Float>
  ) {
    guard !configuration.isNone else { return }
    let draws = random.uniforms(item: item, count: 3)
    let range = Double(2 * configuration.crop + 1)
    let down = min(2 * configuration.crop, Int(draws[0] * range)) - configuration.crop
    let right = min(2 * configuration.crop, Int(draws[1] * range)) - configuration.crop
    let flips = configuration.flip && draws[2] < 0.5
    let (channels, height, width) = (imageShape[0], imageShape[1], imageShape[2])
    for index in 0..<imageShape.count { scratch[index] = image[index] }
    for channel in 0..<channels {
      for y in 0..<height {
        for x in 0..<width {
          let (row, column) = (y + down, (flips ? width - 1 - x : x) + right)
          let isInside = row >= 0 && row < height && column >= 0 && column < width
          image[(channel * height + y) * width + x] = isInside ? scratch[(channel * height + row) * width + column] : 0
        }
      }
    }
  }
}
