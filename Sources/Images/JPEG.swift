import CTurboJPEG
import Foundation

/// Reading JPEG files, as libjpeg-turbo decodes them by default: accurate inverse transform, smooth upsampling. So does Pillow, which
/// carries the same library.
package enum JPEG {
  /// Whether a file begins as a JPEG file does.
  package static func isJPEG(_ data: Data) -> Bool { data.starts(with: [0xff, 0xd8, 0xff]) }

  /// Grey stays grey; everything else becomes RGB. The orientation that a camera noted is not applied, as Pillow and torchvision do
  /// not either.
  /// - Parameters:
  ///   - source: the name of the file, for messages.
  ///   - maximumPixels: checked against the file's header before anything is allocated.
  /// - Throws: `ImageError`; also for data that end early.
  package static func decode(_ data: Data, source: String, maximumPixels: Int) throws(ImageError) -> PixelImage {
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(ImageError) in try decode(bytes, source: source, maximumPixels: maximumPixels) }
    }
    return try result.get()
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, source: String, maximumPixels: Int
  ) throws(ImageError) -> PixelImage {
    guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), let handle = tjInitDecompress() else {
      throw .unreadableJPEG(source: source, reason: "the file is empty")
    }
    defer { tjDestroy(handle) }
    func failure() -> ImageError { .unreadableJPEG(source: source, reason: String(cString: tjGetErrorStr2(handle))) }
    var (width, height, subsampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard tjDecompressHeader3(handle, start, UInt(bytes.count), &width, &height, &subsampling, &colours) == 0 else {
      throw failure()
    }
    // So it is where the header is cut off.
    guard width > 0, height > 0 else { throw .unreadableJPEG(source: source, reason: "it holds no picture") }
    let (count, isOverflow) = Int(width).multipliedReportingOverflow(by: Int(height))
    guard !isOverflow, count <= maximumPixels else {
      throw .tooManyPixels(source: source, width: Int(width), height: Int(height), maximum: maximumPixels)
    }
    let isCMYK = [Int32(TJCS_CMYK.rawValue), Int32(TJCS_YCCK.rawValue)].contains(colours)
    let channels = isCMYK ? 4 : colours == Int32(TJCS_GRAY.rawValue) ? 1 : 3
    var pixels = [UInt8](repeating: 0, count: count * channels)
    let format = Int32((isCMYK ? TJPF_CMYK : channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue)
    // A picture that ends early is decoded all the same, with a warning: grey where there is nothing.
    guard
      tjDecompress2(
        handle, start, UInt(bytes.count), &pixels, width, 0, height, format, TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING)
        == 0
    else { throw failure() }
    return isCMYK
      ? PixelImage(width: Int(width), height: Int(height), channels: 3, pixels: rgb(ofInverted: pixels))
      : PixelImage(width: Int(width), height: Int(height), channels: channels, pixels: pixels)
  }

  /// Cyan, magenta, yellow and black as Adobe's programs write them, inverted, to RGB: as Pillow converts them, which assumes that of all
  /// files. 22 of ImageNet's training images are such.
  private static func rgb(ofInverted pixels: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count / 4 * 3)
    for start in stride(from: 0, to: pixels.count, by: 4) {
      let light = Int(pixels[start + 3])
      for ink in 0..<3 {
        // ink * light / 255, rounded.
        let product = (255 - Int(pixels[start + ink])) * light + 128
        result.append(UInt8(clamping: light - ((product >> 8) + product) >> 8))
      }
    }
    return result
  }
}
