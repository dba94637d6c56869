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
  /// - Throws: `ImageError`; also for CMYK, whose colours nobody agrees on, and for data that end early.
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
    guard ![Int32(TJCS_CMYK.rawValue), Int32(TJCS_YCCK.rawValue)].contains(colours) else {
      throw .unreadableJPEG(source: source, reason: "its colours are CMYK, expected grey or RGB")
    }
    let channels = colours == Int32(TJCS_GRAY.rawValue) ? 1 : 3
    var pixels = [UInt8](repeating: 0, count: count * channels)
    let format = Int32((channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue)
    // A picture that ends early is decoded all the same, with a warning: grey where there is nothing.
    guard
      tjDecompress2(
        handle, start, UInt(bytes.count), &pixels, width, 0, height, format, TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING)
        == 0
    else { throw failure() }
    return PixelImage(width: Int(width), height: Int(height), channels: channels, pixels: pixels)
  }
}
