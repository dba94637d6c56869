import Foundation
import Images
import Testing

@Suite struct PNGTests {
  private static func sample(channels: Int) -> PixelImage {
    let (width, height) = (13, 7)
    let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 2) }
    return PixelImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  @Test(arguments: [1, 3]) func everyByteSurvivesTheFile(channels: Int) throws {
    let image = Self.sample(channels: channels)
    let file = try PNG.encode(image)
    #expect(file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    #expect(try PNG.decode(file, source: "a.png", maximumPixels: 91) == image)
    #expect(try PNG.encode(image) == file)
  }

  @Test func allGreyLevelsSurvive() throws {
    let image = PixelImage(width: 256, height: 1, channels: 1, pixels: (0...255).map { UInt8($0) })
    #expect(try PNG.decode(PNG.encode(image), source: "a.png", maximumPixels: 256) == image)
  }

  @Test func aFileSaysWhatMadeIt() throws {
    let image = Self.sample(channels: 3)
    let file = try PNG.encode(image, software: "a program")
    #expect(try PNG.decode(file, source: "a.png", maximumPixels: 91) == image)
    #expect(PNG.software(in: file) == "a program" && PNG.software(in: file.prefix(64)) == "a program")
    #expect(PNG.software(in: try PNG.encode(image)) == nil)
    for count in 0..<64 { _ = PNG.software(in: file.prefix(count)) }
    var long = file
    long.replaceSubrange(33..<37, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(PNG.software(in: long.prefix(100))?.hasPrefix("a program") == true)
  }

  @Test func sizeIsCheckedAgainstTheLimit() throws {
    let file = try PNG.encode(Self.sample(channels: 1))
    #expect(throws: ImageError.tooManyPixels(source: "a.png", width: 13, height: 7, maximum: 90)) {
      try PNG.decode(file, source: "a.png", maximumPixels: 90)
    }
  }

  @Test func aHeaderThatPromisesManyPixelsIsRefusedBeforeAllocation() {
    // 1,000,000 x 1,000,000 RGB in 60 bytes.
    let file = Self.file([
      ("IHDR", [0, 0x0F, 0x42, 0x40, 0, 0x0F, 0x42, 0x40, 8, 2, 0, 0, 0]), ("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1]),
      ("IEND", []),
    ])
    #expect(
      throws: ImageError.tooManyPixels(source: "bomb.png", width: 1_000_000, height: 1_000_000, maximum: 1 << 20)
    ) {
      try PNG.decode(file, source: "bomb.png", maximumPixels: 1 << 20)
    }
  }

  @Test func transparencyIsRefused() {
    let file = Self.file([
      ("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 4, 0, 0, 0]), ("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1]), ("IEND", []),
    ])
    #expect(throws: ImageError.transparent(source: "a.png")) {
      try PNG.decode(file, source: "a.png", maximumPixels: 100)
    }
  }

  @Test func everyTruncationIsAnError() throws {
    let file = try PNG.encode(Self.sample(channels: 3))
    // The last 12 bytes are the empty IEND chunk: libpng has all pixels by then.
    for length in 0..<file.count - 12 {
      #expect(throws: ImageError.self, "\(length) bytes") {
        try PNG.decode(file.prefix(length), source: "cut.png", maximumPixels: 1000)
      }
    }
  }

  @Test func anyFlippedByteIsAnErrorOrAnImageWithinTheLimit() throws {
    let file = try PNG.encode(Self.sample(channels: 3))
    for index in file.indices {
      for bit in 0..<8 {
        var damaged = file
        damaged[index] ^= 1 << bit
        if let image = try? PNG.decode(damaged, source: "flipped.png", maximumPixels: 1000) {
          #expect(image.width * image.height <= 1000)
        }
      }
    }
  }

  @Test func otherFilesAreRefusedByName() {
    for bytes in [[], [0x89], Array("not an image".utf8), [UInt8](repeating: 0, count: 4096)] {
      let error = #expect(throws: ImageError.self) {
        try PNG.decode(Data(bytes), source: "notes.txt", maximumPixels: 1000)
      }
      #expect(error?.description.hasPrefix("notes.txt: not a readable PNG file: ") == true)
    }
  }

  /// A file of the given chunks with correct checksums.
  private static func file(_ chunks: [(name: String, body: [UInt8])]) -> Data {
    var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    for chunk in chunks {
      let named = Array(chunk.name.utf8) + chunk.body
      file += bigEndian(UInt32(chunk.body.count)) + named + bigEndian(checksum(named))
    }
    return file
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// CRC-32 of PNG (ISO 3309).
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { remainder, byte in
      (0..<8).reduce(remainder ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }
}
