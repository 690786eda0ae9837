// Vectors for the hash kernels of x86-64, each of 32-bit lanes; private to crypto/. A kernel's .cpp
// defines P2P_VECTOR_TARGET, the instructions it may use, before it includes vector128.h,
// vector256.h or vector512.h, whose types have these static members, all of them always inlined:
//   Reg; kLanes, the number of 32-bit lanes;
//   add, exclusive_or; rotate<N> (each lane, to the right); set(word), load(words);
//   shuffle<A, B, C, D>(a): in each 128 bits, a's words of these numbers, lowest first;
//   pick<A, B, C, D>(a, b): the same, two words from a and two from b;
//   load_message(m, inputs, offset): m[w] becomes word w of the 64 bytes at that offset of each
//     input, an input a lane;
//   store_state(h, out): the reverse for eight words, 32 bytes for each lane;
//   load_rows(inputs, offset): 16 bytes of each input; store_rows(a, b, out): 16 + 16 bytes each;
//   row(a, b, c, d): these words in every 128 bits.
// How 128 and 256 bits are rotated is for the kernel to say, for only AVX-512 has an instruction
// for it: Rotation::right<N>(a).
//
// Everything is in an unnamed namespace: code compiled for a newer processor must never be taken
// for another unit's by the linker.
#pragma once

// g++ 12 takes the operand that AVX-512's intrinsics leave undefined on purpose for a mistake.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define P2P_VECTOR_INLINE __attribute__((target(P2P_VECTOR_TARGET), always_inline)) inline
#define P2P_VECTOR_CODE __attribute__((target(P2P_VECTOR_TARGET)))
// An array indexed by a loop that is not unrolled stands in memory, not in registers.
#define P2P_VECTOR_UNROLL _Pragma("GCC unroll 16")
