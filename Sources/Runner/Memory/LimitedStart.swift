// `environ` is a variable, which nothing changes.
@preconcurrency import Glibc

/// How the program begins under `ulimit -v`: with settings of the libraries that take little of the address space.
///
/// OpenBLAS maps 136 MiB for every processor but the first when it is loaded, and where that fails it tries again for ever;
/// this program calls it from threads of its own, so that those would be of no use. The allocator maps 64 MiB or more for
/// every thread. Both are told by variables of the environment, which are read before `main`.
enum LimitedStart {
  /// Where the loader did not call it (Swift before 6.3).
  static func restart() { restart(CommandLine.unsafeArgv, environ) }

  /// Becomes the same program with these variables, where the address space is limited and they are not set.
  ///
  /// Called before libraries are initialised: nothing but system calls, `malloc` and comparisons.
  static func restart(
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
    _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
  ) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != UInt.max,
      let arguments, let environment
    else { return }
    var count = 0
    var kept = 0
    while let entry = environment[count] {
      count += 1
      if strcmp(entry, "OPENBLAS_NUM_THREADS=1") == 0 || strcmp(entry, "MALLOC_ARENA_MAX=1") == 0 { kept += 1 }
    }
    guard kept < 2, let changed = calloc(count + 3, 8), let path = malloc(Int(PATH_MAX) + 1),
      let threads = strdup("OPENBLAS_NUM_THREADS=1"), let arenas = strdup("MALLOC_ARENA_MAX=1")
    else { return }
    let entries = changed.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
    var next = 0
    for index in 0..<count {
      guard let entry = environment[index], strncmp(entry, "OPENBLAS_NUM_THREADS=", 21) != 0,
        strncmp(entry, "MALLOC_ARENA_MAX=", 17) != 0
      else { continue }
      entries[next] = entry
      next += 1
    }
    entries[next] = threads
    entries[next + 1] = arenas
    // By its path, so that the process keeps its name.
    let file = path.assumingMemoryBound(to: CChar.self)
    let length = readlink("/proc/self/exe", file, Int(PATH_MAX))
    guard length > 0 else { return }
    file[length] = 0
    execve(file, arguments, entries)
    // The program goes on as it is where that is not possible.
  }
}

#if compiler(>=6.3)
  // The loader calls what this section points to before it initialises any library.
  @section(".preinit_array") @used private let beforeLibraries:
    @convention(c) (
      Int32, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Void = { _, arguments, environment in LimitedStart.restart(arguments, environment) }
#endif
