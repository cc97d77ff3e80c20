//! The series' scripted client: three buffers, pauses, concurrent connections, a transcript.
