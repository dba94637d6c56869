import Foundation
import Images

/// From an image's file to the bytes of a task's image.
struct ImageFitting: Sendable {
  /// `[C, H, W]`; nil where it is not known yet.
  var shape: [Int]?
  /// The shorter side it is brought to first.
  var resize: Int?
  /// `[H, W]` of the middle that is taken.
  var crop: [Int]?

  /// Far above what photographs have.
  private static let largestImage = 1 << 28

  static func isImage(_ name: String) -> Bool { has(name, [".png", ".jpg", ".jpeg"]) }

  /// Images that `torchvision.datasets.ImageFolder` takes and this does not.
  static func isOtherImage(_ name: String) -> Bool { has(name, [".bmp", ".ppm", ".pgm", ".tif", ".tiff", ".webp"]) }

  private static func has(_ name: String, _ ends: [String]) -> Bool {
    let name = name.lowercased()
    return ends.contains { name.hasSuffix($0) }
  }

  /// Of the size that the task wants, but for the number of channels.
  /// - Throws: `DatasetError`, `ImageError`.
  func image(_ url: URL, named name: String) throws -> PixelImage {
    let data = try DatasetFiles.read(url)
    if PNG.depth(of: data) == 16 { throw DatasetError.sixteenBits(file: name) }
    var image =
      JPEG.isJPEG(data)
      ? try JPEG.decode(data, source: name, maximumPixels: Self.largestImage)
      : try PNG.decode(data, source: name, maximumPixels: Self.largestImage)
    if let resize { image = image.resized(shorterSide: resize) }
    if let crop {
      guard let middle = image.centreCropped(width: crop[1], height: crop[0]) else {
        throw DatasetError.otherShape(
          file: name, expected: [image.channels] + crop, actual: [image.channels, image.height, image.width])
      }
      image = middle
    }
    return image
  }

  /// Planes of the task's shape; grey images become three equal channels where it has three.
  /// - Precondition: `shape` is known.
  /// - Throws: `DatasetError`, `ImageError`.
  func planes(_ url: URL, named name: String) throws -> [UInt8] {
    let image = try image(url, named: name)
    let actual = [image.channels, image.height, image.width]
    guard let shape, shape[1...] == actual[1...], image.channels <= shape[0] else {
      throw DatasetError.otherShape(file: name, expected: shape ?? [], actual: actual)
    }
    let count = image.width * image.height
    let planes = Planes.of(image.pixels, channels: image.channels, count: count)
    return image.channels == shape[0] ? planes : planes + planes + planes
  }
}
