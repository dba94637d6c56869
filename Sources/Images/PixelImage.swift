/// An 8-bit image, grey or RGB.
package struct PixelImage: Sendable, Equatable {
  /// In pixels, at least 1.
  package let width: Int
  /// In pixels, at least 1.
  package let height: Int
  /// 1 (grey) or 3 (RGB).
  package let channels: Int
  /// `[height, width, channels]`, row-major, the channels of a pixel next to each other.
  package let pixels: [UInt8]

  /// - Precondition: positive sizes, 1 or 3 channels, and as many bytes as they make.
  package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image needs a positive size, got \(width) x \(height)")
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels, got \(channels)")
    precondition(
      pixels.count == width * height * channels,
      "\(width) x \(height) x \(channels) does not make \(pixels.count) bytes")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }
}
