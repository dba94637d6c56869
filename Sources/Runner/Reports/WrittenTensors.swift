/// What `run --json` prints: the file that it wrote, and what is in it.
struct WrittenTensors: Encodable {
  struct Entry: Encodable {
    let name: String
    let shape: [Int]
  }

  let file: String
  let tensors: [Entry]

  init(file: String, _ tensors: [(name: String, shape: [Int])]) {
    self.file = file
    self.tensors = tensors.map { Entry(name: $0.name, shape: $0.shape) }
  }
}
