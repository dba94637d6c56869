import Testing
import Text

@Suite struct DisplayWidthTests {
  @Test(
    arguments: [
      ("", 0), ("cnn-small", 9), ("M\u{FC}\u{142}ler", 6), ("e\u{301}", 1), ("\u{301}", 0), ("\u{6A21}\u{578B}", 4),
      ("\u{30E2}\u{30C7}\u{30EB} 1", 8), ("\u{FF76}\u{FF9E}", 2), ("\u{FF21}\u{FF22}", 4), ("\u{BAA8}\u{B378}", 4),
      // A syllable of three parts, a family of joined pictures, a flag, a heart as a picture, one as a sign, a wide space.
      ("\u{1112}\u{1161}\u{11AB}", 2), ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", 2), ("\u{1F1EF}\u{1F1F5}", 2),
      ("\u{2764}\u{FE0F}", 2), ("\u{2764}", 1), ("\u{3000}", 2), ("\u{20000}", 2), ("\u{1F600}!", 3),
      ("\u{5D0}\u{5D1}", 2),
    ]) func columns(_ text: String, _ width: Int)
  {
    #expect(text.displayWidth == width, "\(text)")
    #expect(
      text.padded(toColumns: 20).displayWidth == 20 && text.padded(toColumns: 0, gap: 1).displayWidth == width + 1)
  }

  /// The ends of ranges, and what lies beside them.
  @Test func rangesEndWhereTheyEnd() {
    for (code, width) in [
      (0x10FF as UInt32, 1), (0x1100, 2), (0x115F, 2), (0x2319, 1), (0x231A, 2), (0x231B, 2), (0x231C, 1), (0x4DBF, 2),
      (0x4DC0, 1), (0x4E00, 2), (0xAC00, 2), (0xD7A3, 2), (0xFF60, 2), (0xFF61, 1), (0xFFE6, 2), (0xFFE8, 1),
      (0x1F9FF, 2),
    ] {
      guard let scalar = Unicode.Scalar(code) else { continue }
      #expect(String(scalar).displayWidth == width, "U+\(String(code, radix: 16))")
    }
  }
}
