import ArgumentParser

/// What a file of tensors may be called: under a name that promises another format, its readers would find none.
enum TensorOutput {
  private static let others = [".npy", ".npz"]

  /// - Throws: `ValidationError`, naming the option.
  static func check(_ option: String, _ path: String?) throws {
    guard let path, let other = others.first(where: path.lowercased().hasSuffix) else { return }
    throw ValidationError(
      "\(option) is a safetensors file, which \(path) would not be taken for; name it \(path.dropLast(other.count)).safetensors, which "
        + "safetensors.numpy and safetensors.torch read with load_file")
  }
}
