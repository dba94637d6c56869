/// An 8-bit image, grey or RGB.
public struct PixelImage: Sendable, Equatable {
  /// In pixels, at least 1.
  public let width: Int
  /// In pixels, at least 1.
  public let height: Int
  /// 1 (grey) or 3 (RGB).
  public let channels: Int
  /// `[height, width, channels]`, row-major, the channels of a pixel next to each other.
  public let pixels: [UInt8]

  /// - Precondition: positive sizes, 1 or 3 channels, and as many bytes as they make.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
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
