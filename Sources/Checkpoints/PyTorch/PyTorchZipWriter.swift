import Foundation

/// Writes a state dict as `torch.save` would (zip format, protocol 2), so that `torch.load(weights_only=True)` reads
/// it. The same tensors always make the same bytes.
package enum PyTorchZipWriter {
  /// The file's bytes: an ordered dictionary of the tensors in the given order, each with a storage of its own.
  /// - Parameter file: named in errors.
  /// - Throws: `CheckpointError.invalidTensor` for sizes that do not fit, duplicate names, and dtypes without a PyTorch
  ///   storage class; `cannotWrite` beyond 4 GiB.
  package static func encode(_ tensors: [TensorToWrite], file: String = "checkpoint") throws(CheckpointError) -> Data {
    try TensorToWrite.check(tensors, file: file)
    var pickle = PickleWriter()
    pickle.emptyOrderedDictionary()
    pickle.opcode(.mark)
    for (index, tensor) in tensors.enumerated() {
      guard let storageClass = tensor.dtype.storageClass else {
        throw .unsupportedDType(file: file, tensor: tensor.name, dtype: "\(tensor.dtype.rawValue) (for writing)")
      }
      pickle.text(tensor.name)
      pickle.global("torch._utils", "_rebuild_tensor_v2")
      pickle.opcode(.mark)
      pickle.opcode(.mark)
      pickle.text("storage")
      pickle.global("torch", storageClass)
      pickle.text("\(index)")
      pickle.text("cpu")
      pickle.integer(tensor.byteCount / tensor.dtype.byteCount)
      pickle.opcode(.tuple)
      pickle.opcode(.binPersid)
      pickle.integer(0)  // storage offset
      pickle.tuple(tensor.shape)
      pickle.tuple(TensorLayout.rowMajorStrides(tensor.shape))
      pickle.opcode(.newFalse)  // needs no gradient
      pickle.emptyOrderedDictionary()  // no hooks
      pickle.opcode(.tuple)
      pickle.opcode(.reduce)
    }
    pickle.opcode(.setItems)
    pickle.opcode(.stop)

    let size = tensors.reduce(pickle.data.count) { $0 + $1.byteCount + 256 }
    var archive = ZipWriter(file: file, capacity: size + 1024)
    try archive.add("archive/data.pkl", pickle.data)
    try archive.add("archive/byteorder", Data("little".utf8))
    for (index, tensor) in tensors.enumerated() {
      try archive.add("archive/data/\(index)", tensor.data)
    }
    try archive.add("archive/version", Data("3\n".utf8))
    return archive.finished()
  }

  /// Writes the file completely or not at all.
  package static func write(_ tensors: [TensorToWrite], to path: String) throws(CheckpointError) {
    try AtomicFile.write(encode(tensors, file: URL(fileURLWithPath: path).lastPathComponent), to: path)
  }
}
