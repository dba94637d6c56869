import Foundation

/// The arrays of a `.npy` or `.npz` file (NumPy Enhancement Proposal 1, `numpy.lib.format`, versions 1 to 3).
///
/// Arrays of objects are pickles and are refused: nothing in a file is executed.
package struct NumPyFile {
  /// By the names of a `.npz`; that of a `.npy` is empty.
  package let arrays: [String: StoredTensor]

  /// - Parameter file: the name in messages.
  /// - Throws: `CheckpointError`.
  package init(_ data: Data, file: String) throws(CheckpointError) {
    if data.starts(with: Self.magic) {
      arrays = ["": try Self.array(ByteRegion(data), name: "array", file: file)]
      return
    }
    guard data.starts(with: Array("PK".utf8)) else {
      throw .unsupported(
        file: file, feature: "is neither a .npy nor a .npz file", advice: "save arrays with numpy.save or numpy.savez")
    }
    let archive = try ZipArchive(data, file: file)
    // Images may be compressed a thousandfold, where they are mostly black.
    var budget = InflationBudget(limit: Self.largestExpansion)
    var arrays: [String: StoredTensor] = [:]
    for entry in archive.entries where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      arrays[name] = try Self.array(archive.contents(of: entry, budget: &budget), name: name, file: file)
    }
    self.arrays = arrays
  }

  /// Whether a file begins as a `.npy` or a zip archive does.
  package static func isNumPy(_ data: Data) -> Bool { data.starts(with: magic) || data.starts(with: Array("PK".utf8)) }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Of the compressed arrays of a file; stored ones are mapped.
  private static let largestExpansion = 1 << 31
  /// NumPy itself reads no header longer than this from a stranger.
  private static let longestHeader = 10_000

  private static func array(_ region: ByteRegion, name: String, file: String) throws(CheckpointError) -> StoredTensor {
    func invalid(_ problem: String) -> CheckpointError { .invalidTensor(file: file, tensor: name, problem: problem) }
    let bytes = region.bytes
    // The length of the header has two bytes in version 1, four later.
    guard bytes.starts(with: magic), bytes.count >= 12 else { throw invalid("is no NumPy array; the file is damaged") }
    let version = bytes[bytes.startIndex + 6]
    guard (1...3).contains(version) else { throw invalid("is of version \(version) of the format, expected 1 to 3") }
    let start = version == 1 ? 10 : 12
    let length = bytes[(bytes.startIndex + 8)..<(bytes.startIndex + start)].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= longestHeader, length <= bytes.count - start else {
      throw invalid("has a header of \(length) bytes, expected at most \(longestHeader) within the file")
    }
    let header = String(decoding: bytes.dropFirst(start).prefix(length), as: UTF8.self)
    guard let code = header.firstMatch(of: /'descr': *'([^']*)'/)?.1,
      let order = header.firstMatch(of: /'fortran_order': *(True|False)/)?.1,
      let sizes = header.firstMatch(of: /'shape': *\(([0-9, L]*)\)/)?.1
    else { throw invalid("has a header that is not read: \(header.prefix(200)); expected an array of numbers") }
    guard let dtype = DType(numpy: String(code.drop { "<>=|".contains($0) })) else {
      throw .unsupportedDType(file: file, tensor: name, dtype: "NumPy \(code)")
    }
    guard dtype.byteCount == 1 || !code.hasPrefix(">") else {
      throw invalid("is big-endian, expected little-endian; save array.astype('<\(code.dropFirst())')")
    }
    let shape = sizes.split(whereSeparator: { ", L".contains($0) }).map { Int($0) ?? -1 }
    let content = bytes.count - start - length
    let largest = dtype.largestArray
    guard let count = TensorLayout.elementCount(shape, largest: largest), shape.allSatisfy({ $0 >= 0 }),
      content == count * dtype.byteCount, let storage = region.part(offset: start + length, count: content)
    else { throw invalid("has shape \(shape) and dtype \(dtype.rawValue) with \(content) bytes; the file is damaged") }
    let strides =
      order == "True" ? TensorLayout.rowMajorStrides(shape.reversed()).reversed() : TensorLayout.rowMajorStrides(shape)
    do {
      let layout = try TensorLayout(
        offset: 0, shape: shape, strides: Array(strides), storageElements: count, largest: largest)
      return StoredTensor(name: name, dtype: dtype, layout: layout, storage: storage, file: file)
    } catch {
      throw invalid(error.text)
    }
  }
}
