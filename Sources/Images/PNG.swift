internal import CPNG
import Compression
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

  /// The same with a text chunk `Software` behind the header, by which a later program knows whose file it is (Portable Network
  /// Graphics, 11.3.4.3). libpng's simplified interface writes none.
  /// - Parameter software: ASCII.
  package static func encode(_ image: PixelImage, software: String) throws(ImageError) -> Data {
    let file = try encode(image)
    // The signature, and the header with its length, name and check value.
    let head = 8 + 8 + 13 + 4
    let content = Data("tEXtSoftware\0\(software)".utf8)
    return file.prefix(head) + bigEndian(UInt32(content.count - 4)) + content + bigEndian(CRC32.checksum(content))
      + file.dropFirst(head)
  }

  /// What a file that was written with `software` says there.
  /// - Parameter beginning: the first bytes of a file, some hundred.
  package static func software(in beginning: Data) -> String? {
    let bytes = [UInt8](beginning)
    let name = [UInt8]("tEXtSoftware\0".utf8)
    guard bytes.count >= 37 + name.count, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
      bytes[37..<37 + name.count].elementsEqual(name)
    else { return nil }
    let length = bytes[33..<37].reduce(0) { $0 << 8 | Int($1) }
    // The length counts what follows the four letters of the chunk's name.
    let text = bytes[(37 + name.count)...].prefix(max(0, length + 4 - name.count))
    return String(decoding: text, as: UTF8.self)
  }

  private static func bigEndian(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }

  /// Reads a file's own numbers: what it says of gamma and colour spaces is passed over, as Pillow and torchvision do. Palettes are resolved.
  /// - Parameters:
  ///   - source: the name of the file, for messages.
  ///   - maximumPixels: checked against the file's header before anything is allocated.
  package static func decode(
    _ data: Data, source: String, maximumPixels: Int
  ) throws(ImageError) -> PixelImage {
    // Errors are passed on as values: the closure that lends the bytes throws untyped.
    let result = withoutColourSpaces(data).withUnsafeBytes { bytes in
      Result { () throws(ImageError) in try decode(bytes, source: source, maximumPixels: maximumPixels) }
    }
    return try result.get()
  }

  /// Bits of a channel; nil where the file has no header.
  package static func depth(of data: Data) -> Int? {
    let place = data.startIndex + 24
    return data.count > 24 && data.starts(with: signature) ? Int(data[place]) : nil
  }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// The file without the chunks by which libpng's simplified interface converts its numbers to sRGB.
  private static func withoutColourSpaces(_ data: Data) -> Data {
    guard data.starts(with: signature) else { return data }
    let bytes = Data(data)
    var (kept, place) = (Data(bytes.prefix(8)), 8)
    while bytes.count - place >= 12 {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
      // What does not fit is libpng's to refuse; after the first pixels no such chunk may come.
      guard length <= bytes.count - place - 12, type != "IDAT" else { break }
      if !["gAMA", "cHRM", "sRGB", "iCCP"].contains(type) { kept += bytes[place..<place + 12 + length] }
      place += 12 + length
    }
    return kept + bytes[place...]
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
