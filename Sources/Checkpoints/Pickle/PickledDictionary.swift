import Foundation

/// The dictionary that a plain pickle holds, such as a batch of images and labels of a data set that Python wrote.
///
/// Read like a checkpoint: nothing is imported or called, and all sizes are checked against the file.
package struct PickledDictionary {
  private let view: PickleView
  private let items: [PickleItem]
  private let file: String

  /// Nil where the pickle holds something else.
  /// - Parameter file: the name in messages.
  /// - Throws: `CheckpointError` for what is damaged.
  package init?(_ data: Data, file: String) throws(CheckpointError) {
    let view = PickleView(try PickleMachine.run(ByteRegion(data), file: file, member: "pickle"))
    guard let items = view.items(view.value) else { return nil }
    (self.view, self.items, self.file) = (view, items, file)
  }

  /// The keys that are text, sorted.
  package var keys: [String] { Set(items.compactMap { text($0.key) }).sorted() }

  /// The NumPy array under a key; nil where there is none.
  package func array(_ key: String) throws(CheckpointError) -> StoredTensor? {
    guard let value = value(key) else { return nil }
    var interpreter = TensorInterpreter(view: view, file: file, source: NoStorages(file: file))
    return try interpreter.tensor(value, name: key)
  }

  /// The integers under a key, a list or an array; nil where there are none.
  package func integers(_ key: String) throws(CheckpointError) -> [Int64]? {
    guard let value = value(key) else { return nil }
    if let array = try array(key) { return try array.integers() }
    guard let elements = view.heap.elements(of: value) else { return nil }
    let numbers = elements.compactMap { element -> Int64? in
      if case .integer(let number) = element { number } else { nil }
    }
    return numbers.count == elements.count ? numbers : nil
  }

  /// The last one set counts.
  private func value(_ key: String) -> PickleValue? { items.last { text($0.key) == key }?.value }

  /// Text, or the bytes that Python 3 makes of Python 2's text with `encoding="bytes"`, in any of the ways that it writes bytes.
  private func text(_ key: PickleValue) -> String? {
    view.string(key) ?? view.bytes(key).flatMap { String(validating: $0.bytes, as: UTF8.self) }
  }
}
