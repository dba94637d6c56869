import Checkpoints
import Compression
import Foundation
import Images
import Testing

/// Against Pillow (Tests/Fixtures/images/generate.py).
@Suite struct JPEGTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/images")

  private static let expected = Result {
    try NumPyFile(Data(contentsOf: folder.appendingPathComponent("expected.npz")), file: "expected.npz").arrays
  }

  private static func image(_ name: String) throws -> PixelImage {
    let array = try #require(try expected.get()[name])
    let channels = array.shape.count == 3 ? array.shape[2] : 1
    return PixelImage(
      width: array.shape[1], height: array.shape[0], channels: channels, pixels: try array.bytes())
  }

  private static func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  @Test(arguments: ["420.jpg", "422.jpg", "444.jpg", "progressive.jpg", "grey.jpg"])
  func decodesAsPillowDoes(_ name: String) throws {
    let data = try Self.data(name)
    #expect(JPEG.isJPEG(data))
    let (image, expected) = (try JPEG.decode(data, source: name, maximumPixels: 10_000), try Self.image(name))
    #expect(image.width == expected.width && image.height == expected.height && image.channels == expected.channels)
    let differences = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
    // Of versions 2.1 and 3.2 of the same library; within one grey level is what is asked.
    #expect(differences.max() ?? 0 <= 1)
  }

  /// Pillow 13.0.0: `Image.open("cmyk.jpg").convert("RGB")`.
  @Test func fourColoursBecomeThreeAsPillowConvertsThem() throws {
    let image = try JPEG.decode(Self.data("cmyk.jpg"), source: "cmyk.jpg", maximumPixels: 1000)
    let expected = [
      131, 198, 214, 162, 210, 206, 187, 222, 200, 213, 218, 175, 225, 222, 156, 240, 210, 137, 219, 190, 118, 244, 212,
      135,
      208, 178, 118, 181, 155, 103, 145, 129, 83, 118, 113, 71,
    ]
    #expect(image.width == 12 && image.height == 9 && image.channels == 3)
    let numbers = image.pixels.map(Int.init)
    for (number, other) in zip(numbers, expected) { #expect(abs(number - other) <= 1) }
    let sum = numbers.reduce(0, +)
    #expect(abs(sum - 49_212) <= 324, "\(sum)")
  }

  @Test func whatIsNoPictureIsRefused() throws {
    let whole = try Self.data("420.jpg")
    func refusal(_ data: Data, _ pixels: Int = 10_000) -> String {
      do {
        _ = try JPEG.decode(data, source: "x.jpg", maximumPixels: pixels)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(refusal(whole, 100).contains("37 x 23 pixels"))
    for data in [Data(), Data([0xff, 0xd8, 0xff]), whole.prefix(200), whole.dropLast(300)] {
      #expect(refusal(Data(data)).hasPrefix("x.jpg: not a readable JPEG file"))
    }
  }

  @Test(arguments: [(16, 16), (37, 11), (5, 23), (80, 64), (1, 1), (37, 23)])
  func resizesAsPillowDoes(_ width: Int, _ height: Int) throws {
    #expect(
      try Self.image("source").resized(width: width, height: height) == Self.image("resized-\(width)x\(height)"))
    #expect(
      try Self.image("source-grey").resized(width: width, height: height) == Self.image("grey-\(width)x\(height)"))
  }

  @Test(arguments: [(18, 42), (40, 60), (12, 35), (12, 36)])
  func resizesColumnsFirstWherePillowDoes(_ width: Int, _ height: Int) throws {
    #expect(try Self.image("tall").resized(width: width, height: height) == Self.image("tall-\(width)x\(height)"))
  }

  @Test("what a PNG file says of gamma and colour spaces changes no number")
  func coloursAreTheFiles() throws {
    let image = try Self.image("source")
    let plain = try PNG.encode(image)
    func chunk(_ type: String, _ content: [UInt8]) -> Data {
      func bytes(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
      let body = Data(type.utf8) + content
      return Data(bytes(UInt32(content.count))) + body + bytes(CRC32.checksum(body))
    }
    // Behind the header, which is 33 bytes with the signature.
    for chunks in [
      chunk("gAMA", [0, 1, 0x86, 0xa0]), chunk("gAMA", [0, 0, 0xd9, 0x03]), chunk("sRGB", [0]),
      chunk("gAMA", [0, 1, 0x86, 0xa0]) + chunk("cHRM", [UInt8](repeating: 1, count: 32)),
    ] {
      let data = plain.prefix(33) + chunks + plain.dropFirst(33)
      #expect(try PNG.decode(Data(data), source: "x.png", maximumPixels: 10_000) == image)
    }
    #expect(PNG.depth(of: plain) == 8 && PNG.depth(of: Data("no PNG".utf8)) == nil)
    // Cut off within such a chunk, or with a length beyond the file: refused as ever.
    for data in [
      plain.prefix(33) + chunk("gAMA", [0, 1]).prefix(9),
      plain.prefix(33) + Data([0xff, 0xff, 0xff, 0xff]) + Data("gAMA".utf8),
    ] {
      #expect(throws: ImageError.self) { try PNG.decode(Data(data), source: "x.png", maximumPixels: 10_000) }
    }
  }

  @Test func sidesAndCropsAreTorchvisions() throws {
    let image = try Self.image("source")
    let small = image.resized(shorterSide: 10)
    #expect(small.height == 10 && small.width == 16)
    let tall = PixelImage(width: 3, height: 5, channels: 1, pixels: Array(0..<15))
    #expect(tall.resized(shorterSide: 6).height == 10)
    // Offsets of 0.5 and 1.5 go to the even number.
    #expect(tall.centreCropped(width: 2, height: 2)?.pixels == [6, 7, 9, 10])
    #expect(tall.centreCropped(width: 3, height: 5) == tall)
    #expect(tall.centreCropped(width: 4, height: 1) == nil)
  }
}
