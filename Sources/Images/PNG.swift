internal import CPNG
import Foundation

/// PNG files through libpng's simplified interface, which returns its errors instead of jumping. The only file that
/// knows libpng.
package enum PNG {
  /// The file of `image`: 8 bits, sRGB, equal bytes for equal images and libpng versions.
  package static func encode(_ image: PixelImage) throws(ImageError) -> Data {
    let header = makeHeader()
    defer { free(header) }
    header.pointee.format = format(channels: image.channels)
    guard let width = png_uint_32(exactly: image.width), let height = png_uint_32(exactly: image.height),
      let stride = png_int_32(exactly: image.width * image.channels)
    else { throw .unwritable(width: image.width, height: image.height, reason: "too large for the format") }
    (header.pointee.width, header.pointee.height) = (width, height)

    // The first pass only measures.
    var size = 0
    var isWritten = png_image_write_to_memory(header, nil, &size, 0, image.pixels, stride, nil) != 0
    var file = Data()
    if isWritten {
      file = Data(count: size)
      isWritten = file.withUnsafeMutableBytes {
        png_image_write_to_memory(header, $0.baseAddress, &size, 0, image.pixels, stride, nil) != 0
      }
    }
    guard isWritten else {
      throw .unwritable(width: image.width, height: image.height, reason: message(of: header))
    }
    return file.prefix(size)
  }

  /// Reads a file. Palettes are resolved and 16 bits reduced to 8.
  /// - Parameters:
  ///   - source: the name of the file, for messages.
  ///   - maximumPixels: checked against the file's header before anything is allocated.
  package static func decode(
    _ data: Data, source: String, maximumPixels: Int
  ) throws(ImageError) -> PixelImage {
    // Errors are passed on as values: the closure that lends the bytes throws untyped.
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(ImageError) in try decode(bytes, source: source, maximumPixels: maximumPixels) }
    }
    return try result.get()
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, source: String, maximumPixels: Int
  ) throws(ImageError) -> PixelImage {
    guard let start = bytes.baseAddress, !bytes.isEmpty else {
      throw .unreadable(source: source, reason: "the file is empty")
    }
    let header = makeHeader()
    defer { free(header) }
    guard png_image_begin_read_from_memory(header, start, bytes.count) != 0 else {
      throw .unreadable(source: source, reason: message(of: header))
    }
    let (width, height) = (Int(header.pointee.width), Int(header.pointee.height))
    let (count, isOverflow) = width.multipliedReportingOverflow(by: height)
    guard !isOverflow, count > 0, count <= maximumPixels else {
      throw .tooManyPixels(source: source, width: width, height: height, maximum: maximumPixels)
    }
    guard header.pointee.format & png_uint_32(PNG_FORMAT_FLAG_ALPHA) == 0 else { throw .transparent(source: source) }
    let channels = header.pointee.format & png_uint_32(PNG_FORMAT_FLAG_COLOR) == 0 ? 1 : 3
    let (byteCount, isByteOverflow) = count.multipliedReportingOverflow(by: channels)
    guard !isByteOverflow, let stride = png_int_32(exactly: width * channels) else {
      throw .tooManyPixels(source: source, width: width, height: height, maximum: maximumPixels)
    }
    header.pointee.format = format(channels: channels)
    var pixels = [UInt8](repeating: 0, count: byteCount)
    guard png_image_finish_read(header, nil, &pixels, stride, nil) != 0 else {
      throw .unreadable(source: source, reason: message(of: header))
    }
    return PixelImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  private static func format(channels: Int) -> png_uint_32 {
    channels == 1 ? png_uint_32(PNG_FORMAT_GRAY) : png_uint_32(PNG_FORMAT_RGB)
  }

  /// libpng keeps the address for its error handling from one call to the next, so the header lives on the heap.
  private static func makeHeader() -> UnsafeMutablePointer<png_image> {
    let header = UnsafeMutablePointer<png_image>.allocate(capacity: 1)
    header.initialize(to: png_image())
    header.pointee.version = png_uint_32(PNG_IMAGE_VERSION)
    return header
  }

  private static func free(_ header: UnsafeMutablePointer<png_image>) {
    png_image_free(header)
    header.deallocate()
  }

  private static func message(of header: UnsafeMutablePointer<png_image>) -> String {
    withUnsafeBytes(of: header.pointee.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
