import CPU
import Foundation
import Graph
import Kernels
import Tensor

// Time of single layers, forward and both gradients, and their share of the processor's multiply-add peak, measured in the
// same run. A share above 100 % is an algorithm that needs fewer multiplications than the definition. Layers that multiply
// little, such as pooling, have their share of the speed at which memory of the input's and output's size is copied.
//
// Times are those that the thread spent computing, so that other work on the machine disturbs little; each is the best of
// several.
//
//   LayerBenchmark [batch] [network] [fast or exact]

/// Seconds that this thread has computed.
func threadTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

func bestTime(repeats: Int, _ body: () throws -> Void) rethrows -> Double {
  try body()
  var best = Double.infinity
  var spent = 0.0
  var runs = 0
  while runs < repeats || (spent < 0.2 && runs < 50) {
    let start = threadTime()
    try body()
    let time = threadTime() - start
    best = min(best, time)
    spent += time
    runs += 1
  }
  return best
}

let arguments = CommandLine.arguments.dropFirst()
let batch = arguments.first.flatMap { Int($0) } ?? 16
let chosen = arguments.dropFirst().first
let precision = arguments.dropFirst(2).first.flatMap { Precision(rawValue: $0) } ?? .fast

let vectors = VectorKernels()
var sink: Float = 0
let repetitions = 4_000_000
var count = 0
let peakTime = bestTime(repeats: 5) {
  let result = vectors.multiplyAddPeak(repetitions: repetitions)
  count = result.count
  sink += result.value
}
let peak = Double(count) / peakTime
print("\(vectors.instructionSet), peak \(String(format: "%.1f", 2 * peak / 1e9)) GFLOP/s\(sink < 0 ? " " : "")")

func column(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
func cell(_ seconds: Double, share: Double, _ of: String) -> String {
  let time = String(format: "%.2f ms", seconds * 1e3)
  return column("\(time) \(String(format: "%.0f", 100 * share)) %\(of)", 22)
}

/// Seconds for reading and writing half of `count` numbers.
func copyTime(_ count: Int) -> Double {
  let half = max(1, count / 2)
  let (from, to) = (
    UnsafeMutablePointer<Float>.allocate(capacity: half), UnsafeMutablePointer<Float>.allocate(capacity: half)
  )
  defer {
    from.deallocate()
    to.deallocate()
  }
  from.initialize(repeating: 1, count: half)
  to.initialize(repeating: 0, count: half)
  return bestTime(repeats: 3) { to.update(from: from, count: half) }
}

for (name, layers) in networks where chosen == nil || chosen == name {
  let title = "\(name), batch \(batch), \(precision)"
  print(column(title, 36) + column("forward", 22) + column("input gradient", 22) + "weight gradient")
  for layer in layers {
    var graph = Graph()
    func random(_ shape: Shape) -> Tensor {
      let values = RandomStream(seed: 1, name: layer.description).normals(item: 0, count: shape.count)
      return Tensor(shape: shape, scalars: values.map { Float($0) })
    }
    let input = layer.input.prepending(batch)
    let weights = graph.constant(random(layer.weights ?? [1]))
    let x = graph.input("x", input)
    let y = try layer.build(&graph, x, weights)
    let output = graph.shape(of: y)
    let g = graph.input("g", output)
    var values = [y, try graph.gradient(of: [(y, g)], withRespectTo: [x])[0]]
    if layer.weights != nil { values.append(try graph.gradient(of: [(y, g)], withRespectTo: [weights])[0]) }
    var line = column(layer.description, 36)
    for value in values {
      let program = try CPUBackend().compile(graph, outputs: [value], precision: precision)
      let workspace = try program.makeWorkspace(threads: 1)
      for (name, shape) in [("x", input), ("g", output)] where program.inputNames.contains(name) {
        try workspace.set(name, to: random(shape))
      }
      let seconds = try bestTime(repeats: 3) { try workspace.run() }
      if let products = layer.products {
        line += cell(seconds, share: Double(output.count * products) / peak / seconds, "")
      } else {
        line += cell(seconds, share: copyTime(input.count + output.count) / seconds, " of copy")
      }
    }
    print(line)
  }
}
