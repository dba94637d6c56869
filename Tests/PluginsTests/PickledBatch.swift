/// A batch of CIFAR's Python version as Python 2 wrote it: protocol 2, text and array bytes alike as strings.
struct PickledBatch {
  var pixels: [UInt8]
  var labels: [Int]
  var pixelsPerImage = 3072
  var labelKey = "labels"
  /// NumPy's code of the element type.
  var elementType = "u1"
  /// As Python 3 writes, by protocol 2, the keys that it read with `encoding="bytes"`: a call that makes bytes of text.
  var hasEncodedKeys = false

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x80, 2] + Array("}(".utf8)
    bytes += key("batch_label") + text("training batch 1 of 5") + key("data")
    bytes += Array("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n".utf8)
    bytes += Array("K\u{0}\u{85}".unicodeScalars.map { UInt8($0.value) }) + text("b") + [0x87] + Array("R(K\u{1}".utf8)
    bytes += integer(pixels.count / pixelsPerImage) + integer(pixelsPerImage) + [0x86]
    bytes += Array("cnumpy\ndtype\n".utf8) + text(elementType) + Array("K\u{0}K\u{1}".utf8) + [0x87]
    bytes += Array("R(K\u{3}".utf8) + text("|") + Array("NNN".utf8) + integer(-1) + integer(-1)
    bytes += Array("K\u{0}tb".utf8) + [0x89] + Array("T".utf8) + fourBytes(pixels.count) + pixels + Array("tb".utf8)
    bytes += key(labelKey) + Array("](".utf8) + labels.flatMap(integer) + Array("eu.".utf8)
    return bytes
  }

  private func text(_ text: String) -> [UInt8] { Array("U".utf8) + [UInt8(text.utf8.count)] + Array(text.utf8) }

  private func key(_ name: String) -> [UInt8] {
    guard hasEncodedKeys else { return text(name) }
    return Array("c_codecs\nencode\n".utf8) + text(name) + text("latin1") + [0x86] + Array("R".utf8)
  }

  private func integer(_ number: Int) -> [UInt8] { Array("J".utf8) + fourBytes(number) }

  private func fourBytes(_ number: Int) -> [UInt8] {
    let bits = UInt32(bitPattern: Int32(number))
    return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
  }
}
