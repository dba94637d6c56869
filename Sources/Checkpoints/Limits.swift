/// What a file may ask for. Real checkpoints stay far below each of these; hostile ones do not get memory or time.
enum Limits {
  /// Elements of one tensor: 2 GiB once they are float32.
  static let tensorElements = 1 << 29
  /// Elements of one NumPy array of bytes, such as a data set's images, which are read as they are: 2 GiB.
  static let arrayBytes = 1 << 31
  /// Elements of all named tensors of a file together: 8 GiB once they are float32.
  static let totalElements = 1 << 31
  /// Elements of all tensors that show more elements than they store (stride 0): 256 MiB once they are float32.
  static let expandedElements = 1 << 26
  /// Bytes of storages that a pickle spells out as text: 1 GiB.
  static let copiedBytes = 1 << 30
  /// Dimensions of one tensor; PyTorch itself stops at 64.
  static let dimensions = 64
  /// Opcodes of one pickle.
  static let pickleSteps = 10_000_000
  /// Nesting followed when looking for tensors in what a pickle describes.
  static let nesting = 100
  /// Bytes of one tensor's name.
  static let nameBytes = 4096
  /// Bytes of all names that are put together from those of dictionaries in dictionaries.
  static let joinedNameBytes = 1 << 24
  /// Values visited when looking for tensors in what a pickle describes.
  static let visits = 1_000_000
  /// Modules of a network that was pickled as a whole, those that stand in several places counted in each.
  static let modules = 50_000
  /// Digits or bytes of one integer written out in a pickle.
  static let integerBytes = 4096
  /// Bytes of a safetensors header, as in its specification.
  static let safetensorsHeaderBytes = 100_000_000
}
